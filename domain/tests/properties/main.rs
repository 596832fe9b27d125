//! Random histories of one user against an independent model, and laws that hold for all of them.
//!
//! A history is a list of steps: a gap, then a request or a change of configuration. It runs three
//! times: lazily, where nothing but the steps themselves settles anything; punctually, with a
//! settlement at every due instant and after every change of configuration; and as a worker does,
//! who settles at the instants that were planned. All must tell the same story as the model.

#[path = "../model/mod.rs"]
mod model;
#[path = "../support/mod.rs"]
mod support;

mod books;
mod histories;
mod lockstep;
mod planned;
mod rules;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

use books::{check_agreement, check_books};
use histories::{ZONES, histories};
use lockstep::{USER, run_as_a_worker, run_lazily, run_punctually};
use rules::run_over_new_rules;

proptest! {
    #![proptest_config(ProptestConfig {
        // More with PROPTEST_CASES.
        cases: ProptestConfig::default().cases.max(500),
        max_shrink_iters: 4_000,
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(
            "tests/properties/histories.proptest-regressions",
        ))),
        ..ProptestConfig::default()
    })]

    // C-GEN-16 C-GEN-21 C-GEN-22 C-GEN-23 C-GEN-37 C-EVENT-13 C-IDEM-07 C-ACH-04 C-ACH-10 C-ACH-16 C-ACH-18 C-ACH-19 C-POINTS-03 C-POINTS-26
    // C-STREAK-08 C-STREAK-12 C-STREAK-13 C-STREAK-14 C-STREAK-25 C-STREAK-46 C-STREAK-47 C-STREAK-50
    // C-STREAK-56 C-STREAK-57 C-STREAK-58 C-STREAK-61 C-STREAK-63 C-PREF-05
    // C-PREF-09 C-PREF-10
    #[test]
    fn any_history_agrees_with_the_model((start, history) in histories()) {
        let (mut lazy, mut model, instants) = run_lazily(start, &history);
        if model.exists {
            let end = instants.last().expect("at least one step").plus_millis(9 * 86_400_000);
            let judged = model.judge(end);
            let history_shown = lazy.world.history(&end.to_string(), USER, 400);
            prop_assert_eq!(history_shown, judged.history(400));
            model.pass(end);
            check_books(&lazy);
            check_agreement(&lazy, &model);

            let mut dues = judged.midnights.clone();
            dues.extend(&model.dues);
            dues.sort_unstable();
            let mut punctual = run_punctually(&history, &instants, &dues);
            punctual.settle(end);
            let mut worker = run_as_a_worker(&history, &instants, end);
            worker.world.eager = true;
            worker.settle(end);
            lazy.world.eager = true;
            lazy.settle(end);
            prop_assert_eq!(lazy.world.stored(USER), punctual.world.stored(USER));
            prop_assert_eq!(lazy.world.stored(USER), worker.world.stored(USER));
        }
    }

    // C-GEN-37 C-GEN-16 C-GEN-22 C-STREAK-08 C-POINTS-03
    #[test]
    fn laws_hold_over_an_update_of_the_tz_database(
        (start, history) in histories(),
        updated in 0..45usize,
        rules in 0..ZONES.len(),
    ) {
        run_over_new_rules(start, &history, (updated, rules));
    }
}
