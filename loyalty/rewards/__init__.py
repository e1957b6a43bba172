"""Rewards and redemption: a catalogue, orders that set points and stock aside in one transaction, and their fulfilment.

basket --place_order--> ordered --ship--> shipped --deliver--> delivered
                           |  points held      points spent
                           +--cancel, in whole or by line; or the hold's time is over--> points and stock go back
"""

from loyalty.rewards.basket import Basket, basket_of, put_in_basket
from loyalty.rewards.catalogue import add_reward, list_rewards, offer_again, offers_for, restock, withdraw
from loyalty.rewards.fulfilment import Side, cancel_lines, deliver, ship, time_out_orders, undo_last_step
from loyalty.rewards.model import NewReward, Offer, OrderLine, OrderRequest, Reward, RewardOrder, Shopper, StepUp
from loyalty.rewards.ordering import place_order
from loyalty.rewards.reading import orders_of_distributor, orders_of_member

__all__ = [
    "Basket", "NewReward", "Offer", "OrderLine", "OrderRequest", "Reward", "RewardOrder", "Shopper", "Side", "StepUp", "add_reward", "basket_of",
    "cancel_lines", "deliver", "list_rewards", "offer_again", "offers_for", "orders_of_distributor", "orders_of_member", "place_order",
    "put_in_basket", "restock", "ship", "time_out_orders", "undo_last_step", "withdraw",
]  # fmt: skip
