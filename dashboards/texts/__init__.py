"""Texts of the screens in German and English, and numbers and dates as their readers write them."""

from dashboards.texts.catalogue import CATALOGUE, Language, as_language, preferred, text
from dashboards.texts.numbers import day, money, number, percent

__all__ = ["CATALOGUE", "Language", "as_language", "day", "money", "number", "percent", "preferred", "text"]
