//! What Ottla wants of the comparison, and what came of it.

use std::fmt::Write as _;

use anyhow::Result;

use super::table::{best_other, short, spread};
use super::{CASES, Case, Op, Run, Way};

const ALLOCATIONS_A_RECORD: f64 = 0.01;
const PEAK_MEGABYTES: [(Op, f64); 2] = [(Op::Produce, 40.0), (Op::Consume, 20.0)];

/// A figure of Ottla's beside what it should be.
struct Goal {
    load: String,
    figure: &'static str,
    ours: f64,
    /// The best other client's, or the floor's; none if the goal is a number of its own.
    other: Option<(&'static str, f64)>,
    most: f64,
}

impl Goal {
    fn ratio(&self) -> f64 {
        self.other.map_or(self.ours, |(_, figure)| self.ours / figure)
    }

    fn line(&self, text: &mut String) -> Result<()> {
        let Self { load, figure, ours, other, most } = self;
        let (name, theirs, ratio) = match other {
            Some((name, theirs)) => (*name, short(*theirs), format!("{:.2}", self.ratio())),
            None => ("", String::new(), String::new()),
        };
        let kept = if self.ratio() <= *most { "met" } else { "**missed**" };
        let most = if other.is_some() { format!("{most} x") } else { most.to_string() };
        writeln!(
            text,
            "| {load} | {figure} | {} | {theirs} {name} | {ratio} | {most} | {kept} |",
            short(*ours)
        )?;
        Ok(())
    }
}

/// One table of all goals for which there are figures.
pub(super) fn markdown(text: &mut String, runs: &[Run]) -> Result<()> {
    *text += "| load | figure | Ottla | best other | ratio | goal, at most | |\n|---|---|---:|---|---:|---:|---|\n";
    for way in [Way::Free, Way::Pinned, Way::Counted] {
        for case in CASES.iter().filter(|case| way.takes(case)) {
            for goal in of_case(case, way, runs) {
                goal.line(text)?;
            }
        }
    }
    for (op, most) in PEAK_MEGABYTES {
        if let Some(ours) = peak(op, runs) {
            let load = format!("all loads that {}", op.name());
            Goal { load, figure: "peak memory, MB", ours, other: None, most }.line(text)?;
        }
    }
    Ok(())
}

fn of_case(case: &Case, way: Way, runs: &[Run]) -> Vec<Goal> {
    let runs: Vec<_> = runs.iter().filter(|run| run.is(case, way)).collect();
    let load = match way {
        Way::Free | Way::Counted => case.name.to_owned(),
        Way::Pinned => format!("{}, on one core", case.name),
    };
    let ours = |figure| spread(&runs, "ottla", figure).map(|spread| spread.median);
    let beside_best = |(heading, figure)| {
        let (name, best) = best_other(&runs, figure)?;
        let other = Some((name, best.median));
        Some(Goal { load: load.clone(), figure: heading, ours: ours(figure)?, other, most: case.times_best })
    };
    if way == Way::Counted {
        let figure = "allocations a record";
        let goal = ours("allocs_per_record").map(|ours| Goal {
            load,
            figure,
            ours,
            other: None,
            most: ALLOCATIONS_A_RECORD,
        });
        return goal.into_iter().collect();
    }
    let figures: &[_] = match case.op {
        Op::Produce | Op::Consume => &[("CPU us a record", "cpu_us_per_record")],
        Op::Latency => &[("p50, ms", "p50_ms"), ("p99, ms", "p99_ms"), ("p99.9, ms", "p999_ms")],
        Op::Start => &[("ms", "start_ms")],
    };
    let mut goals: Vec<_> = figures.iter().copied().filter_map(beside_best).collect();
    let floor = spread(&runs, "floor", "cpu_us_per_record").map(|spread| spread.median);
    if let (Some(most), Some(floor), Some(ours)) = (case.times_floor, floor, ours("cpu_us_per_record")) {
        goals.push(Goal {
            load: load.clone(),
            figure: "CPU us a record",
            ours,
            other: Some(("floor", floor)),
            most,
        });
    }
    goals
}

/// The highest of the loads' medians.
fn peak(op: Op, runs: &[Run]) -> Option<f64> {
    let peaks = CASES.iter().filter(|case| case.op == op).filter_map(|case| {
        let runs: Vec<_> = runs.iter().filter(|run| run.is(case, Way::Free)).collect();
        Some(spread(&runs, "ottla", "max_rss_mb")?.median)
    });
    peaks.max_by(f64::total_cmp)
}
