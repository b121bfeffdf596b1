"""Whether the books of the stores are right, in words for the command line."""

from app.parts import ledger
from app.parts.models import Part, PartUnit, StockBalance, StockPlace


def problems() -> list[str]:
    """What is wrong, one line each; empty when every balance is the sum of its movements and every piece is counted where it is."""
    places = {place.id: place for place in StockPlace.select()}
    numbers = {part.id: part.number for part in Part.select(Part.id, Part.number)}
    found = [
        f"stock of {numbers[part]} in {places[place].name}: {kept} is kept, {computed} moved"
        for place, part, kept, computed in ledger.differences()
    ]
    pieces: dict[tuple[int, int], int] = {}
    for place, part in PartUnit.select(PartUnit.place, PartUnit.part).where(PartUnit.place.is_null(False)).tuples():
        pieces[place, part] = pieces.get((place, part), 0) + 1
    held = StockBalance.select().join(Part).where(Part.has_serials, StockBalance.is_store)
    found += [
        f"stock of {numbers[row.part_id]} in {places[row.place_id].name}: {row.quantity} is kept, {there} pieces are there"
        for row in held
        if (there := pieces.get((row.place_id, row.part_id), 0)) != row.quantity
    ]
    return found
