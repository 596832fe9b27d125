//! `accolade plan` and `accolade apply`: what a catalog file changes, shown and done.
//!
//! The server compares and applies; here is only how that reads. Exit codes: 0 if there is nothing
//! to change or it was changed, 2 if a plan has differences, 1 if something is wrong.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;

use super::client::{self, Target};
use super::{CLEAN, DIFFERENT};
use crate::http::admin::catalog::{
    CatalogChange, CatalogDifference, CatalogEffect, CatalogPlan, CatalogUsers,
};
use crate::outbound::api::AdminApi;

/// A file and a server to compare it with.
#[derive(Debug, clap::Args)]
pub(super) struct PlanArgs {
    /// The catalog file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    target: Target,
}

/// A file and a server to bring to it.
#[derive(Debug, clap::Args)]
pub(super) struct ApplyArgs {
    #[command(flatten)]
    plan: PlanArgs,
    /// Also delete what the file leaves out; without this such a file is refused
    #[arg(long)]
    prune: bool,
}

/// Prints what applying a file would change.
pub(super) fn plan(args: &PlanArgs) -> ExitCode {
    client::run(&args.target, async |api| {
        let differences = sent(&api, "/catalog/plan?", &args.file).await?;
        print!("{}", shown(&differences, ["to add", "to change", "to remove"]));
        Ok(if differences.is_empty() { CLEAN } else { DIFFERENT })
    })
}

/// Applies a file and prints what that changed.
pub(super) fn apply(args: &ApplyArgs) -> ExitCode {
    client::run(&args.plan.target, async |api| {
        let path = format!("/catalog/apply?prune={}&", args.prune);
        let differences = sent(&api, &path, &args.plan.file).await?;
        print!("{}", shown(&differences, ["added", "changed", "removed"]));
        Ok(CLEAN)
    })
}

/// What the server answers to the file.
async fn sent(api: &AdminApi, path: &str, file: &Path) -> Result<Vec<CatalogDifference>, String> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    let path = format!("{path}file={}", utf8_percent_encode(&name, NON_ALPHANUMERIC));
    let answer = api.call(Method::POST, &path, Some(text)).await;
    let plan = CatalogPlan::parse(&answer.map_err(|error| error.to_string())?);
    plan.map(|plan| plan.differences).ok_or_else(|| "the answer is no plan".to_owned())
}

/// One block per object, and a last line that counts them.
fn shown(differences: &[CatalogDifference], words: [&str; 3]) -> String {
    if differences.is_empty() {
        return "No differences.\n".to_owned();
    }
    let mut text = String::new();
    for difference in differences {
        text += &block(difference);
    }
    let count = |change| differences.iter().filter(|own| own.change == change).count();
    let [added, changed, removed] =
        [CatalogChange::Added, CatalogChange::Changed, CatalogChange::Removed].map(count);
    let [to_add, to_change, to_remove] = words;
    text + &format!("\n{added} {to_add}, {changed} {to_change}, {removed} {to_remove}.\n")
}

fn block(CatalogDifference { path, change, fields, users }: &CatalogDifference) -> String {
    let sign = match change {
        CatalogChange::Added => '+',
        CatalogChange::Changed => '~',
        CatalogChange::Removed => '-',
    };
    let mut text = format!("{sign} {path}\n");
    for field in fields {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "default".to_owned());
        let after = value(&field.after);
        // Writing to a text can't fail.
        let _ = match change {
            CatalogChange::Added => writeln!(text, "    {} = {after}", field.name),
            CatalogChange::Changed | CatalogChange::Removed => {
                writeln!(text, "    {}: {} -> {after}", field.name, value(&field.before))
            }
        };
    }
    if let Some(users) = users {
        let _ = writeln!(text, "    # {}", touched(*users));
    }
    text
}

fn touched(CatalogUsers { effect, count }: CatalogUsers) -> String {
    let users =
        if count == 1 { "1 existing user".to_owned() } else { format!("{count} existing users") };
    match (effect, count) {
        (CatalogEffect::Complete, 1) => format!("{users} completes it at once"),
        (CatalogEffect::Complete, _) => format!("{users} complete it at once"),
        (CatalogEffect::Completed, 1) => format!("{users} has completed it"),
        (CatalogEffect::Completed, _) => format!("{users} have completed it"),
        (CatalogEffect::Paid, _) => format!("concerns {users}"),
    }
}
