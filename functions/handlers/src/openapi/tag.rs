//! The chapters of the reference.

/// A chapter of the reference.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tag {
    SignUp,
    SignIn,
    Password,
    Account,
    Administration,
    Keys,
    Service,
}

impl Tag {
    /// In the reference's order.
    pub const ALL: [Self; 7] =
        [Self::SignUp, Self::SignIn, Self::Password, Self::Account, Self::Administration, Self::Keys, Self::Service];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SignUp => "Sign-up",
            Self::SignIn => "Sign-in",
            Self::Password => "Password",
            Self::Account => "Account",
            Self::Administration => "Administration",
            Self::Keys => "Keys",
            Self::Service => "Service",
        }
    }

    pub(super) const fn about(self) -> &'static str {
        match self {
            Self::SignUp => "A new account, and its e-mail address",
            Self::SignIn => "Signing in and out, and the session in between",
            Self::Password => "A forgotten password, another one, and a locked account",
            Self::Account => "What the signed-in person sees and changes",
            Self::Administration => "For people with the role `admin` who have signed in lately",
            Self::Keys => "For those who verify our access tokens",
            Self::Service => "The service itself",
        }
    }
}
