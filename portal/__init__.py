"""What partners' people do. Here: accounts and sessions."""

from portal.accounts import (
    NewUser,
    User,
    authenticate,
    change_password,
    create_user,
    disable_user,
    list_users,
    scope_of,
    set_language,
    set_password_by_operator,
)
from portal.sessions import SessionLimits, close_all_sessions, close_session, look_up_session, open_session

__all__ = [
    "NewUser", "SessionLimits", "User", "authenticate", "change_password", "close_all_sessions", "close_session",
    "create_user", "disable_user", "list_users", "look_up_session", "open_session", "scope_of", "set_language",
    "set_password_by_operator",
]  # fmt: skip
