//! The loads that every client gets, and what Ottla wants of each.

/// A load.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) op: Op,
    /// Records a second, if latency is measured.
    pub(super) records: usize,
    pub(super) size: usize,
    pub(super) codec: &'static str,
    pub(super) partitions: usize,
    /// What each record has besides its value, as the programs' flag.
    pub(super) besides: Option<&'static str>,
    /// Whether it is run with the client on one core too.
    pub(super) pinned: bool,
    /// Whether it is run once more to count allocations.
    pub(super) counted: bool,
    /// The goal: how many times the best other client's figure Ottla's may be.
    pub(super) times_best: f64,
    /// And how many times the floor's.
    pub(super) times_floor: Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Produce,
    Consume,
    Latency,
    /// One record, from the start of the process to its acknowledgement.
    Start,
}

impl Op {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Produce => "produce",
            Self::Consume => "consume",
            Self::Latency => "latency",
            Self::Start => "start",
        }
    }
}

#[rustfmt::skip]
pub(crate) const CASES: [Case; 14] = [
    Case::new("produce 100 B", Op::Produce, 5_000_000, 100).goal(0.5).floor(2.5).pinned().counted(),
    Case::new("produce 100 B, lz4", Op::Produce, 5_000_000, 100).codec("lz4").goal(0.5).pinned(),
    Case::new("produce 100 B, zstd", Op::Produce, 2_000_000, 100).codec("zstd").goal(0.6).pinned(),
    Case::new("produce 1,000 B", Op::Produce, 1_000_000, 1_000).goal(0.6).pinned(),
    Case::new("consume 100 B", Op::Consume, 5_000_000, 100).goal(0.5).floor(2.5).pinned().counted(),
    Case::new("consume 100 B, lz4", Op::Consume, 5_000_000, 100).codec("lz4").goal(0.5).pinned(),
    Case::new("consume 1,000 B", Op::Consume, 1_000_000, 1_000).goal(0.5).pinned(),
    Case::new("latency at 1,000/s", Op::Latency, 1_000, 100),
    Case::new("latency at 20,000/s", Op::Latency, 20_000, 100),
    Case::new("start to first acknowledgement", Op::Start, 1, 100),
    Case::new("produce 100 B, 1,000 partitions", Op::Produce, 1_000_000, 100).partitions(1_000),
    Case::new("produce 100 B, keyed", Op::Produce, 2_000_000, 100).besides("--keyed"),
    Case::new("produce 100 B, one header", Op::Produce, 2_000_000, 100).besides("--headers"),
    Case::new("produce 10 KiB", Op::Produce, 100_000, 10_240),
];

impl Case {
    const fn new(name: &'static str, op: Op, records: usize, size: usize) -> Self {
        Self {
            name,
            op,
            records,
            size,
            codec: "none",
            partitions: 6,
            besides: None,
            pinned: false,
            counted: false,
            times_best: 1.0,
            times_floor: None,
        }
    }

    const fn codec(self, codec: &'static str) -> Self {
        Self { codec, ..self }
    }

    const fn partitions(self, partitions: usize) -> Self {
        Self { partitions, ..self }
    }

    const fn besides(self, flag: &'static str) -> Self {
        Self { besides: Some(flag), ..self }
    }

    const fn pinned(self) -> Self {
        Self { pinned: true, ..self }
    }

    const fn counted(self) -> Self {
        Self { counted: true, ..self }
    }

    const fn goal(self, times_best: f64) -> Self {
        Self { times_best, ..self }
    }

    const fn floor(self, times_floor: f64) -> Self {
        Self { times_floor: Some(times_floor), ..self }
    }
}

/// How a program is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) enum Way {
    Free,
    /// With the client on one core.
    Pinned,
    /// With a library before the allocator that counts its calls.
    Counted,
}

impl Way {
    pub(super) fn takes(self, case: &Case) -> bool {
        match self {
            Self::Free => true,
            Self::Pinned => case.pinned,
            Self::Counted => case.counted,
        }
    }
}
