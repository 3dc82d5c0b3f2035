//! The tests of this program that know their cluster by its bootstrap list alone, on the embedded broker: what passes on
//! a real Kafka passes here, and the other way round.

use kafka_harness::{Artifacts, run_or_skip};
use ottla::consumer::group::Protocol;
use ottla_broker::Cluster;

use crate::support::run;
use crate::{groups, releases, tools};

macro_rules! on_the_embedded_broker {
    ($($(#[$note:meta])* $name:ident($servers:ident) $test:block)*) => {$(
        $(#[$note])*
        #[test]
        fn $name() {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.unwrap();
            let cluster = runtime.block_on(Cluster::builder().start()).unwrap();
            let $servers: &str = &cluster.bootstrap();
            $test
        }
    )*};
}

on_the_embedded_broker! {
    the_embedded_broker_works_like_the_releases(servers) {
        run(releases::round_trips(servers));
    }

    the_embedded_broker_has_groups_of_both_protocols(servers) {
        for protocol in [Protocol::Classic, Protocol::Consumer, Protocol::Auto] {
            run(groups::one_member_reads_commits_and_leaves(servers, protocol));
        }
    }

    /// The tools need Java, the broker does not.
    kafka_s_tools_take_the_embedded_broker_for_kafka(servers) {
        if run_or_skip(|| Artifacts::Tools.class_path()).is_some() {
            tools::read_what_the_other_wrote(servers);
        }
    }
}
