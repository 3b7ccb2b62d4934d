//! HTTP/1.1 as the range needs it: replies go out byte for byte as a case wrote them, which no well-kept HTTP library
//! allows (header injection and hostile answers need exactly that). Requests are read strictly and within limits.

pub mod client;
pub mod reply;
pub mod request;
pub mod server;

pub use reply::Reply;
pub use request::Request;
