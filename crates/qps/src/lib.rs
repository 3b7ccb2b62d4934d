//! The QPS wire.
