"""Who is in the demo channel and what they trade. All names are invented."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

MANUFACTURER_REF = "ALPENGLUT"

CATEGORIES: dict[str, tuple[tuple[str, ...], tuple[int, int]]] = {
    "Whole beans": (("Crema", "Espresso Forte", "Hochland", "Filterröstung", "Entkoffeiniert", "Bio Peru", "Bio Äthiopien"), (890, 2490)),
    "Ground coffee": (("Gemahlen Classic", "Gemahlen Mild", "Gemahlen Kräftig", "Mokka", "Filter Bio"), (590, 1390)),
    "Capsules": (("Kapsel Lungo", "Kapsel Ristretto", "Kapsel Vanille", "Kapsel Decaf", "Kapsel Bio"), (349, 1990)),
    "Machines": (("Siebträger S1", "Siebträger S2 Duo", "Vollautomat V3", "Kapselmaschine K1", "Filtermaschine F2"), (7900, 89900)),
    "Accessories": (("Milchkännchen", "Tamper", "Mühle Manuell", "Reinigungstabs", "Entkalker", "Tassenset", "Filterpapier"), (390, 5900)),
}  # fmt: skip
"""Product group -> (lines, price range of the list price in cents)."""

SIZES = ("250 g", "500 g", "1 kg")
REGIONS: dict[str, tuple[str, ...]] = {
    "Nord": ("Hamburg", "Bremen", "Kiel", "Hannover", "Rostock"),
    "Süd": ("München", "Stuttgart", "Augsburg", "Freiburg", "Nürnberg"),
    "West": ("Köln", "Dortmund", "Essen", "Aachen", "Mainz"),
    "Ost": ("Leipzig", "Dresden", "Berlin", "Erfurt", "Magdeburg"),
}
DISTRIBUTORS: dict[str, tuple[str, str, int, int]] = {
    "nordwind": ("Nordwind Getränkehandel GmbH", "Nord", 6, 28),
    "suedland": ("Südland Feinkost AG", "Süd", 8, 30),
    "westfracht": ("Westfracht Großhandel KG", "West", 24, 26),
    "ostmark": ("Ostmark Kaffeekontor GmbH", "Ost", 11, 27),
}
"""Source -> (name, region, late deliveries in a hundred, discount in a hundred off the list price)."""

SHOP_WORDS = ("Rösterei", "Kaffeehaus", "Feinkost", "Bürobedarf", "Hofladen", "Bistro", "Markt", "Café")
SHOP_NAMES = (
    "Amsel", "Birke", "Calla", "Distel", "Efeu", "Falke", "Ginster", "Hasel", "Iltis", "Jasmin", "Kranich", "Lerche", "Malve",
    "Nelke", "Olive", "Pirol", "Quitte", "Raute", "Salbei", "Taube", "Ulme", "Veilchen", "Weide", "Zeder", "Arnika", "Bussard",
    "Drossel", "Enzian", "Fichte", "Holunder",
)  # fmt: skip
RETAILERS_PER_DISTRIBUTOR = 60
CHAIN_NAME = "Bohnenhaus"


@dataclass(frozen=True, slots=True)
class Product:
    """One article. `list_price_cents` is EUR per unit; skus are the distributors' own numbers."""

    ref: str
    name: str
    category: str
    gtin: str
    units_per_pack: int
    list_price_cents: int

    def sku_of(self, distributor: str) -> str:
        """The distributor's own number of the article."""
        return f"{distributor[:2].upper()}{int(self.ref[2:]):05d}"


@dataclass(frozen=True, slots=True)
class Retailer:
    """One reseller. `growth_per_year` moves its orders; `active` are the months (0-based) in which it orders."""

    ref: str
    name: str
    tier: str
    segment: str
    region: str
    city: str
    postal_code: str
    distributors: tuple[str, ...]
    orders_per_month: float
    growth_per_year: float
    active_from: int
    active_to: int
    is_chain: bool

    def number_at(self, distributor: str) -> str:
        """The distributor's own customer number; leading zeros matter."""
        return f"{list(DISTRIBUTORS).index(distributor) + 1:02d}{int(self.ref[2:]):04d}".zfill(8)


def gtin13(body: str) -> str:
    """Twelve figures and their check digit (GS1 General Specifications, 7.9)."""
    total = sum(int(figure) * (3 if index % 2 else 1) for index, figure in enumerate(body))
    return f"{body}{(10 - total % 10) % 10}"


def make_products(random: Random) -> list[Product]:
    """About sixty articles in five groups."""
    products: list[Product] = []
    for category, (lines, (low, high)) in CATEGORIES.items():
        sizes = (
            SIZES
            if category in ("Whole beans", "Ground coffee")
            else ("10 Stück", "50 Stück")
            if category == "Capsules"
            else ("",)
        )
        for line in lines:
            for step, size in enumerate(sizes):
                number = len(products) + 1
                price = round((low + (high - low) * random.random()) * (1 + 0.8 * step) / 10) * 10 - 1
                products.append(
                    Product(f"AP{number:04d}", f"{line} {size}".strip(), category, gtin13(f"4260123{number:05d}"),
                            1 if category == "Machines" else random.choice((6, 8, 12)), max(price, 99))
                )  # fmt: skip
    return products


def make_retailers(random: Random, months: int) -> list[Retailer]:
    """Sixty resellers for each distributor; every twelfth also buys from a neighbour."""
    retailers: list[Retailer] = []
    names = list(DISTRIBUTORS)
    for home_index, home in enumerate(names):
        region = DISTRIBUTORS[home][1]
        for index in range(RETAILERS_PER_DISTRIBUTOR):
            number = len(retailers) + 1
            city = random.choice(REGIONS[region])
            is_chain = index % 20 == 7
            word, name = random.choice(SHOP_WORDS), random.choice(SHOP_NAMES)
            life = random.random()
            first = random.randrange(3, months - 6) if life < 0.15 else 0
            last = random.randrange(months // 2, months - 4) if 0.15 <= life < 0.3 else months
            size = random.paretovariate(1.6)
            second = (names[(home_index + 1) % len(names)],) if index % 12 == 5 else ()
            retailers.append(
                Retailer(
                    f"R-{number:04d}", f"{CHAIN_NAME} {city} {number}" if is_chain else f"{word} {name} {city}",
                    "Gold" if size > 2.6 else "Silver" if size > 1.5 else "Bronze",
                    "Chain" if is_chain else word, region, city, f"{random.randrange(10000, 99999)}", (home, *second),
                    min(0.9 * size, 5.0), random.choice((-0.25, -0.05, 0.0, 0.05, 0.1, 0.3)), first, last, is_chain,
                )
            )  # fmt: skip
    return retailers
