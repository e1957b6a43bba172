"""Why an act on rewards is refused. Foreign and missing things answer alike."""

from __future__ import annotations

from core.errors import AccessDeniedError, ConflictError, InputRefusedError


def no_such_reward(reward_id: str) -> InputRefusedError:
    """Missing, withdrawn, or another distributor's."""
    return InputRefusedError(
        "LOY-501", where=f"reward {reward_id}", found="none that is offered to you", expected="a reward of the catalogue",
        next_step="Look at the catalogue again; rewards come and go.",
    )  # fmt: skip


def bad_basket(found: str, expected: str) -> InputRefusedError:
    """A basket that nobody could order."""
    return InputRefusedError(
        "LOY-502", where="basket", found=found, expected=expected, next_step="Change the basket and order again."
    )


def key_taken(key: str) -> ConflictError:
    """The key stands for another basket."""
    return ConflictError(
        "LOY-503", where=f"order key {key}", found="another basket ordered under the same key", expected="the same basket",
        next_step="Look at the list of orders; start a new basket for a new order.",
    )  # fmt: skip


def basket_changed() -> ConflictError:
    """Another window changed what this one shows."""
    return ConflictError(
        "LOY-504", where="basket", found="contents that were changed in another window", expected="the basket as it was shown",
        next_step="Load the page again and look at the basket before you order.",
    )  # fmt: skip


def out_of_stock(title: str, wanted: int) -> ConflictError:
    """Somebody else was first."""
    return ConflictError(
        "LOY-505", where=f"reward {title}", found=f"fewer than {wanted} in stock", expected=f"at least {wanted}",
        next_step="Order fewer, or another reward. Nothing was ordered and no points are held.",
    )  # fmt: skip


def over_limit(title: str, limit: int, had: int) -> ConflictError:
    """More than a member may have."""
    return ConflictError(
        "LOY-506", where=f"reward {title}", found=f"{had} ordered before", expected=f"at most {limit} for each member",
        next_step="Order fewer. Nothing was ordered and no points are held.",
    )  # fmt: skip


def tier_too_low(title: str, tier: str) -> ConflictError:
    """Reserved for a higher tier."""
    return ConflictError(
        "LOY-507", where=f"reward {title}", found="a lower tier", expected=f"{tier} or above",
        next_step="Choose a reward that is open to your tier.",
    )  # fmt: skip


def step_up_needed(points: int, limit: int) -> AccessDeniedError:
    """A large order needs the password again."""
    return AccessDeniedError(
        "LOY-508", where="order", found=f"{points} points without a fresh password", expected=f"the password again above {limit} points",
        next_step="Enter your password and order again.",
    )  # fmt: skip


def no_such_order(order_id: str) -> InputRefusedError:
    """Missing, or not the asker's."""
    return InputRefusedError(
        "LOY-509", where=f"order of rewards {order_id}", found="none of yours", expected="an order that you may act on",
        next_step="Check the number in your list of orders.",
    )  # fmt: skip


def wrong_state(order_no: str, status: str, expected: str) -> ConflictError:
    """The order has gone on meanwhile."""
    return ConflictError(
        "LOY-510", where=f"order of rewards {order_no}", found=f"one that is {status}", expected=expected,
        next_step="Load the page again; somebody was faster.",
    )  # fmt: skip


def not_yours() -> AccessDeniedError:
    """Acting for a party that the asker does not trade with."""
    return AccessDeniedError(
        "LOY-511", where="order of rewards", found="a distributor that you do not buy from", expected="one of your distributors",
        next_step="Choose one of your distributors.",
    )  # fmt: skip
