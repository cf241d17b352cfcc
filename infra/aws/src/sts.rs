//! STS: tells callers who they are. Here everybody is the same user, since nobody's signature is looked at.

use crate::reply::Reply;
use crate::request::Service;

/// The only operation.
pub(crate) const OPERATION: &str = "GetCallerIdentity";

pub(crate) fn caller_identity() -> Reply {
    let user =
        "<Arn>arn:aws:iam::000000000000:user/local</Arn><UserId>AIDALOCAL</UserId><Account>000000000000</Account>";
    Reply::xml(Service::Sts, OPERATION, user)
}
