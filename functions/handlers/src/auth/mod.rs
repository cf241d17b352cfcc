//! Signing up, in and out, and the password.

pub mod authorizer;
pub mod csrf;
pub mod login;
pub mod logout;
pub mod password_change;
pub mod password_forgot;
pub mod password_reset;
pub mod refresh;
pub mod signup;
pub mod unlock;
pub mod verify_email;
pub mod verify_email_resend;
pub mod verify_token;
