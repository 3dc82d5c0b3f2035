//! Pieces of work whose instructions `cargo xtask instructions` counts.
//!
//! Without an argument all of it is done and named; with the name of a piece, that piece alone. Under callgrind counting
//! is on inside [`measured`] and nowhere else.
//!
//! Checksums and codecs are left out: they choose their code by the processor, and valgrind's is an old one.
//!
//! With `scale` it measures instead what the same core costs at sizes that nobody runs in a test.

mod peer;
mod scale;
mod work;

use std::error::Error;
use std::process::ExitCode;

use work::{WORKS, Work};

type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    let only = std::env::args().nth(1);
    if only.as_deref() == Some("scale") {
        return scale::run(std::env::args().skip(2).collect());
    }
    for (name, prepare) in WORKS.iter().filter(|(name, _)| only.as_ref().is_none_or(|only| only == name)) {
        match prepare() {
            Ok(Work { units, unit, mut run }) => {
                println!("{name}\t{units}\t{unit}");
                measured(&mut run);
            }
            Err(error) => {
                eprintln!("error: {name}: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

/// Everything between call and return is counted.
#[inline(never)]
fn measured(run: &mut dyn FnMut()) {
    std::hint::black_box(run)();
}
