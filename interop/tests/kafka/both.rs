//! The tests of this program that need of their cluster no more than its bootstrap list and [`Nodes`](crate::support),
//! on the embedded broker: what passes on a real Kafka passes here, and the other way round.
//!
//! On real ones only: what is read from Kafka's own metrics or log files (`many`, `metrics`, parts of `consuming`);
//! other clients' members (`mixed`, `librdkafka`), which `interop/tests/embedded` has against this broker; quotas whose
//! time is that of the broker's own threads (`request_percentage`), which the embedded one can only model.

use std::time::Duration;

use kafka_harness::{Artifacts, run_or_skip};
use ottla::consumer::group::Protocol;
use ottla_broker::{Builder, Cluster, GroupSettings, Windows};

use crate::support::{connect, is_proof, run};
use crate::{churn, consuming, faults, groups, lines, releases, sizing, tools};

macro_rules! on_the_embedded_broker {
    ($($(#[$note:meta])* $name:ident($servers:ident, $cluster:ident = $builder:expr) $test:block)*) => {$(
        $(#[$note])*
        #[test]
        fn $name() {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.unwrap();
            let $cluster = &mut runtime.block_on($builder.start()).unwrap();
            let $servers: &str = &$cluster.bootstrap();
            $test
        }
    )*};
}

/// As `quota.window.num=2` on the real ones.
const TWO: Windows = Windows { samples: 2, length_ms: 1000 };

/// As the tests of faults want them.
fn three_nodes() -> Builder {
    let groups = GroupSettings {
        consumer_session_timeout: churn::SESSION,
        consumer_heartbeat_interval: Duration::from_secs(1),
        ..GroupSettings::default()
    };
    Cluster::builder().nodes(3).broker_session_timeout(Duration::from_secs(3)).groups(groups)
}

on_the_embedded_broker! {
    the_embedded_broker_works_like_the_releases(servers, _cluster = Cluster::builder()) {
        run(releases::round_trips(servers));
    }

    the_embedded_broker_has_groups_of_both_protocols(servers, _cluster = Cluster::builder()) {
        for protocol in [Protocol::Classic, Protocol::Consumer, Protocol::Auto] {
            run(groups::one_member_reads_commits_and_leaves(servers, protocol));
        }
        for protocol in [Protocol::Classic, Protocol::Consumer] {
            run(groups::a_pattern_finds_a_topic_that_is_created_later(servers, protocol));
        }
    }

    /// Who shares out at once asks for partitions before they are given up: with Kafka's interval it is the other way
    /// round.
    the_embedded_broker_gives_a_topic_that_is_created_anew_to_whoever_had_the_old_one(
        servers,
        _cluster = Cluster::builder().groups(GroupSettings {
            consumer_assignment_interval: Duration::from_secs(1),
            consumer_heartbeat_interval: Duration::from_secs(1),
            ..GroupSettings::default()
        })
    ) {
        run(groups::a_topic_that_is_created_anew_begins_anew(servers));
    }

    /// The tools need Java, the broker does not.
    kafka_s_tools_take_the_embedded_broker_for_kafka(servers, _cluster = Cluster::builder()) {
        if run_or_skip(|| Artifacts::Tools.class_path()).is_some() {
            tools::read_what_the_other_wrote(servers);
        }
    }

    the_embedded_broker_s_quotas_are_those_of_the_chapter(servers, _cluster = Cluster::builder()) {
        run(sizing::byte_rate(servers));
        run(sizing::mutations(servers));
    }

    the_embedded_broker_keeps_sessions_under_quotas(servers, _cluster = Cluster::builder().nodes(3).quota_windows(TWO)) {
        run(async {
            let client = connect(servers).await;
            consuming::a_session_spares_partitions_that_are_idle(&client).await;
            // Half a minute of throttle.
            if is_proof() {
                consuming::a_quota_keeps_the_session_and_is_named(&client, servers).await;
            }
        });
    }

    the_embedded_broker_cuts_logs(_servers, cluster = Cluster::builder().nodes(3)) {
        consuming::a_cut_log(cluster);
    }

    /// Kafka's tools elect leaders and add partitions.
    the_embedded_broker_loses_and_doubles_nothing(_servers, cluster = three_nodes()) {
        if run_or_skip(|| Artifacts::Tools.class_path()).is_some() {
            faults::nothing_is_lost_or_doubled(cluster);
        }
    }

    lines_survive_a_killed_node_of_the_embedded_broker(_servers, cluster = three_nodes()) {
        lines::lines_survive_a_killed_node(cluster);
    }

    members_come_and_go_on_the_embedded_broker(_servers, cluster = three_nodes()) {
        churn::members_come_and_go(cluster);
    }
}
