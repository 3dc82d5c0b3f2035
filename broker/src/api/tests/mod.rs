mod admin;
mod fetch;
mod metadata;
mod produce;
mod versions;
