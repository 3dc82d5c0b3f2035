//! What a comparison needs around its runs: topics, and proof that everything arrived.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ottla::admin::{NewTopic, OffsetSpec};
use ottla::consumer::group::TopicPartition;

use super::pool::Pool;
use super::{Failure, Target, block_on};

#[derive(Args)]
pub(crate) struct Topic {
    action: Action,
    #[command(flatten)]
    target: Target,
    #[arg(long, default_value_t = 6)]
    partitions: i32,
}

#[derive(Clone, Copy, ValueEnum)]
enum Action {
    Create,
    Delete,
    /// Print how many records there are.
    Count,
}

pub(crate) fn topic(arguments: &Topic) -> Result<(), Failure> {
    block_on(async {
        let Topic { action, target, partitions } = arguments;
        let admin = target.connect().await?.admin();
        match action {
            Action::Create => {
                admin
                    .create_topic(NewTopic::new(&target.topic).partitions(*partitions).replication(1))
                    .await?;
            }
            Action::Delete => admin.delete_topic(target.topic.as_str()).await?,
            Action::Count => {
                let all = (0..*partitions)
                    .map(|partition| TopicPartition { topic: target.topic.clone(), partition });
                let ends = admin.list_offsets(all, OffsetSpec::Latest).await?;
                println!("{}", ends.values().sum::<i64>());
            }
        }
        Ok(())
    })
}

/// Writes values to a file, for programs that cannot make them.
#[derive(Args)]
pub(crate) struct WritePool {
    /// Bytes of a value.
    #[arg(long, default_value_t = 100)]
    size: usize,
    file: PathBuf,
}

pub(crate) fn write_pool(arguments: &WritePool) -> Result<(), Failure> {
    Ok(std::fs::write(&arguments.file, Pool::new(None, arguments.size)?.bytes())?)
}
