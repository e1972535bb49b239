"""What a second of each GPU costs at Modal, with the day that it was read: `gpu_prices.json`, for estimates only."""

from datetime import UTC, date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, PositiveInt
from pydantic.alias_generators import to_camel

TABLE = Path(__file__).parent / "gpu_prices.json"


class GpuPrices(BaseModel):
    """The table. `verified` says whether someone of this project has compared it with the page itself."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid")

    provider: str
    source: str
    read_on: date
    verified: bool
    note: str
    stale_after_days: PositiveInt
    micro_usd_per_second: dict[str, PositiveInt]

    def age_days(self, today: date | None = None) -> int:
        """Days since the prices were read."""
        return ((today or datetime.now(UTC).date()) - self.read_on).days


def load_prices(path: Path = TABLE) -> GpuPrices:
    """Read the table. Raises pydantic's ValidationError when it is damaged."""
    return GpuPrices.model_validate_json(path.read_bytes())
