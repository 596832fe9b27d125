//! The configuration that random histories run against, as one table that both sides read: the
//! world builds its catalog from it, the model judges by it.

/// Which of the two metrics.
pub(crate) type Metric = usize;

/// What an achievement of the plan needs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Needs {
    /// A metric's total, in tenths.
    Total(Metric, i64),
    Streak(u32),
    Call,
    All(&'static [&'static str]),
    /// So many years since the sign-up date.
    Years(u32),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Achievement {
    pub(crate) name: &'static str,
    pub(crate) needs: Needs,
    /// Whether only events with the plan's tag count.
    pub(crate) tagged: bool,
    /// Whether it is only for users of the `pro` plan.
    pub(crate) pro: bool,
}

/// What fires a trigger of the plan.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fires {
    Creation,
    Metric(Metric, u64),
    Streak(u32),
    Achievement(&'static str),
    /// Every so many hours until it is changed.
    Hours(u32),
    /// Every so many days until it is changed.
    Days(u32),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Trigger {
    pub(crate) name: &'static str,
    pub(crate) system: &'static str,
    pub(crate) fires: Fires,
    pub(crate) points: i64,
    pub(crate) guarded: bool,
    pub(crate) tagged: bool,
    pub(crate) pro: bool,
}

/// Achievements in creation order.
pub(crate) const ACHIEVEMENTS: [Achievement; 12] = {
    const fn of(name: &'static str, needs: Needs) -> Achievement {
        Achievement { name, needs, tagged: false, pro: false }
    }
    [
        of("A10", Needs::Total(0, 100)),
        Achievement { tagged: true, ..of("A5tag", Needs::Total(0, 50)) },
        Achievement { pro: true, ..of("B2pro", Needs::Total(1, 25)) },
        of("S3", Needs::Streak(3)),
        of("S1", Needs::Streak(1)),
        Achievement { pro: true, ..of("Call", Needs::Call) },
        of("Both", Needs::All(&["A10", "S1"])),
        of("Top", Needs::All(&["Both", "Call"])),
        of("A4", Needs::Total(0, 40)),
        of("Y1", Needs::Years(1)),
        Achievement { pro: true, ..of("Y2pro", Needs::Years(2)) },
        of("Year", Needs::All(&["Y1", "S1"])),
    ]
};

/// Systems in creation order with their levels.
pub(crate) const SYSTEMS: [(&str, &[(&str, i64)]); 2] =
    [("xp", &[("zero", 0), ("mid", 50), ("top", 120)]), ("energy", &[("low", 1)])];

/// The maximum of `xp` until it is changed.
pub(crate) const XP_MAX: i64 = 200;

/// The triggers that are switched off and on.
pub(crate) const SWITCHED: [&str; 2] = ["a3", "y1"];

/// The achievements that are locked and unlocked.
pub(crate) const LOCKED: [&str; 7] = ["A4", "A5tag", "B2pro", "S3", "Both", "Y1", "Year"];

/// The streak achievement whose length is changed.
pub(crate) const LENGTHENED: &str = "S3";

/// The triggers that fire by time, which are edited and switched.
pub(crate) const TIMED: [&str; 4] = ["x26h", "x3d", "e9h", "e1d"];

/// Triggers in creation order.
pub(crate) const TRIGGERS: [Trigger; 16] = {
    const fn of(name: &'static str, system: &'static str, fires: Fires, points: i64) -> Trigger {
        Trigger { name, system, fires, points, guarded: false, tagged: false, pro: false }
    }
    [
        of("new", "xp", Fires::Creation, 5),
        of("a3", "xp", Fires::Metric(0, 3), 4),
        Trigger { tagged: true, ..of("a2tag", "xp", Fires::Metric(0, 2), 3) },
        Trigger { pro: true, ..of("b1pro", "xp", Fires::Metric(1, 1), -2) },
        of("s2", "xp", Fires::Streak(2), 10),
        of("a10", "xp", Fires::Achievement("A10"), 20),
        of("both", "xp", Fires::Achievement("Both"), 7),
        of("y1", "xp", Fires::Achievement("Y1"), 9),
        Trigger { pro: true, ..of("year", "energy", Fires::Achievement("Year"), -4) },
        of("x26h", "xp", Fires::Hours(26), 1),
        Trigger { pro: true, ..of("x3d", "xp", Fires::Days(3), -2) },
        of("start", "energy", Fires::Creation, 6),
        Trigger { guarded: true, ..of("cost", "energy", Fires::Metric(1, 2), -3) },
        of("gain", "energy", Fires::Metric(0, 5), 4),
        of("e9h", "energy", Fires::Hours(9), -1),
        of("e1d", "energy", Fires::Days(1), 1),
    ]
};
