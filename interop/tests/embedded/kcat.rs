//! kcat, librdkafka's command line, against the embedded broker.

use std::process::{Command, Stdio};

use kafka_harness::{process, run_or_skip};

use crate::{LIMIT, cluster};

#[test]
fn kcat_lists_writes_and_reads() {
    let (_runtime, embedded) = cluster(&["numbers"]);
    let servers = embedded.bootstrap();
    let present = || process::run(Command::new("kcat").arg("-V").stdin(Stdio::null()), LIMIT);
    if run_or_skip(present).is_none() {
        return;
    }
    let kcat = |arguments: &[&str], input: &str| {
        let mut shell = Command::new("sh");
        // The shell feeds what kcat reads: the harness runs programs without input.
        shell.args([
            "-c",
            r#"input="$1"; servers="$2"; shift 2; printf %s "$input" | kcat -b "$servers" "$@""#,
        ]);
        shell.args(["sh", input, &servers]).args(arguments).stdin(Stdio::null());
        let output = process::run(&mut shell, LIMIT).unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        let closed = embedded.closures();
        assert!(output.status.success(), "{arguments:?}: {errors}\nclosed: {closed:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let listed = kcat(&["-L"], "");
    assert!(
        listed.contains("3 brokers") && listed.contains("topic \"numbers\" with 6 partitions"),
        "{listed}"
    );

    let lines: String = (0..20).map(|number| format!("key {number}:{number}\n")).collect();
    kcat(
        &["-P", "-t", "numbers", "-K:", "-z", "lz4", "-X", "enable.idempotence=true", "-H", "trace=yes"],
        &lines,
    );
    // All of the input is one transaction.
    kcat(&["-P", "-t", "numbers", "-X", "transactional.id=kcat"], "20\n21\n22\n");

    let read = kcat(&["-C", "-t", "numbers", "-e", "-q", "-f", "%k %h %s\\n"], "");
    let mut read: Vec<&str> = read.lines().map(str::trim).collect();
    read.sort_unstable();
    let mut expected: Vec<String> =
        (0..20).map(|number| format!("key {number} trace=yes {number}")).collect();
    expected.extend((20..23).map(|number| number.to_string()));
    expected.sort_unstable();
    assert_eq!(read, expected);

    let group =
        ["-G", "readers", "-c", "23", "-q", "-X", "auto.offset.reset=earliest", "-f", "%s\\n", "numbers"];
    assert_eq!(kcat(&group, "").lines().count(), 23);
    let offsets = kcat(&["-Q", "-t", "numbers:0:1"], "");
    assert!(offsets.contains("numbers [0] offset 0"), "{offsets}");
}
