mod admin;
mod fetch;
mod groups;
mod metadata;
mod produce;
mod transactions;
mod versions;
