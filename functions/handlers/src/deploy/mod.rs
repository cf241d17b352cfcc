//! What a deployment runs by itself. CodeDeploy calls these functions, nobody else does.

mod aws;
pub mod check;
mod life;
