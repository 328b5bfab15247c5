"""Variants of the API for where HeyMilo's documentation is ambiguous; off by default."""

import json
import math
from collections.abc import Iterable
from copy import deepcopy
from enum import StrEnum
from typing import Any


class ApiVariant(StrEnum):
    """How the API may behave where its documentation is ambiguous."""

    HEALTH_UNDER_API = "health_under_api"
    EXPORT_BY_GET = "export_by_get"
    EXPORT_FILE_OBJECT = "export_file_object"
    EXPORT_FILE_UNKNOWN = "export_file_unknown"
    WEBHOOKS_UNDER_WEBHOOKS = "webhooks_under_webhooks"
    WEBHOOKS_UNDER_DATA = "webhooks_under_data"
    DEACTIVATE_MESSAGE = "deactivate_message"
    DEACTIVATE_EMPTY = "deactivate_empty"
    BULK_DETAILS_SHORT = "bulk_details_short"
    BULK_DETAILS_SHUFFLED = "bulk_details_shuffled"
    LARGEST_BULK_413 = "largest_bulk_413"
    LARGEST_BULK_422 = "largest_bulk_422"
    WORKFLOWS_DIFFER = "workflows_differ"
    MILLISECONDS = "milliseconds"
    FASTAPI_ERRORS = "fastapi_errors"
    ERROR_OBJECTS = "error_objects"
    ERRORS_AS_TEXT = "errors_as_text"
    ERRORS_AS_HTML = "errors_as_html"
    NO_RATE_LIMIT_HEADERS = "no_rate_limit_headers"
    UNKNOWN_FIELDS = "unknown_fields"
    NULL_FIELDS = "null_fields"
    MISSING_FIELDS = "missing_fields"
    UNKNOWN_STATUS = "unknown_status"
    STATUS_AS_WORDS = "status_as_words"
    ZERO_FOR_NEVER = "zero_for_never"
    OTHER_SCALES = "other_scales"
    SCORES_NOT_NUMBERS = "scores_not_numbers"
    HALF_EMOJIS = "half_emojis"
    MALFORMED_ITEMS = "malformed_items"
    NULL_LISTS = "null_lists"
    ENDLESS_LISTINGS = "endless_listings"
    SMALL_PAGES = "small_pages"
    ONE_TOTAL_PAGE = "one_total_page"
    ERRORS_WITH_PARAMS = "errors_with_params"
    NO_TOTAL_COUNT = "no_total_count"
    HAS_MORE_LIES = "has_more_lies"
    INGEST_CREATES_ANOTHER = "ingest_creates_another"
    BULK_WITHOUT_METADATA = "bulk_without_metadata"
    METADATA_REPLACES = "metadata_replaces"
    NOT_READY_BARE = "not_ready_bare"


class ApiVariants(set[ApiVariant]):
    """The set of variants that are on; takes their names, and refuses unknown ones."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """Turn these on."""
        super().__init__(map(ApiVariant, names))

    def add(self, name: str) -> None:
        """Turn one on; raises ValueError if it doesn't exist."""
        super().add(ApiVariant(name))

    def update(self, *names: Iterable[str]) -> None:
        """Turn some on; raises ValueError if one doesn't exist."""
        super().update(*(map(ApiVariant, some) for some in names))


_TIMES = {
    "created_at", "updated_at", "last_updated", "deadline", "interviewed_on", "last_engagement",
    "last_updated_timestamp", "timestamp", "preview_timestamp", "interviewed_at",
    "last_activity_at", "last_updated_at",
}  # fmt: skip
_TEXTS = {"name", "text", "description", "message"}
_FACTORS = {"evaluation_score": 2, "overall_score": 20}  # to 1-10 and 0-100
_KEPT = {
    "id", "type", "url_key", "file_url", "interview_link", "total", "page", "limit", "total_pages",
    "has_more",
}  # fmt: skip


def apply_variants(body: dict[str, Any], variants: Iterable[ApiVariant]) -> dict[str, Any]:
    """Change a documented body as the variants do."""
    # Not deepcopy: it keeps an object that a body contains twice as one, which would change twice.
    changed: dict[str, Any] = json.loads(json.dumps(body))
    on = set(variants)
    if ApiVariant.WORKFLOWS_DIFFER in on and "workflow" in changed:
        _make_workflows_differ(changed)
    if ApiVariant.ZERO_FOR_NEVER in on:
        _write_never_as_zero(changed)
    if ApiVariant.MILLISECONDS in on:
        _change(changed, lambda key, value: _milliseconds(value) if key in _TIMES else value)
    if ApiVariant.UNKNOWN_STATUS in on:
        _change(changed, lambda key, value: "on_hold" if key == "status" else value)
    if ApiVariant.STATUS_AS_WORDS in on:
        _change(changed, lambda key, value: _as_words(value) if key == "status" else value)
    if ApiVariant.OTHER_SCALES in on:
        _rescale(changed)
    if ApiVariant.SCORES_NOT_NUMBERS in on:
        _change(changed, lambda key, value: math.nan if key.endswith("score") else value)
    if ApiVariant.HALF_EMOJIS in on:
        _change(changed, lambda key, value: f"{value} \ud83d" if key in _TEXTS else value)
    if ApiVariant.NULL_FIELDS in on:
        _change(changed, lambda key, value: value if _is_kept(key, value) else None)
    if ApiVariant.MISSING_FIELDS in on:
        _drop(changed)
    if ApiVariant.UNKNOWN_FIELDS in on:
        _extend(changed)
    return changed


def _make_workflows_differ(body: dict[str, Any]) -> None:
    stale = deepcopy(body["workflow"])
    stale["last_engagement"] -= 86400
    stale["all_complete"] = False
    for step in stale["step_by_step"]:
        step["complete"] = False
    if sum(body["interview_id"].encode()) % 2:
        body["workflow"] = stale
    else:
        body["details"]["workflow_status"] = stale


def _write_never_as_zero(body: dict[str, Any]) -> None:
    for found in _objects(body):
        if not any(step["started"] for step in found.get("step_by_step", [{"started": True}])):
            found["last_engagement"] = 0
    _change(body, lambda key, value: 0 if key in _TIMES and value is None else value)


def _as_words(status: Any) -> Any:
    return status.replace("_", " ").title() if isinstance(status, str) else status


def _rescale(body: dict[str, Any]) -> None:
    """Use the scales of HeyMilo's newer API: questions 1-10, resumes 0-100, criteria 0-10."""
    for found in _objects(body):
        for key, factor in _FACTORS.items():
            if key in found:
                found[key] = round(found[key] * factor, 1)
        if "criteria_id" in found and "score" in found:
            found["score"] = round(found["score"] * 2, 1)


def _milliseconds(value: float | None) -> int | None:
    return None if value is None else round(value * 1000)


def _is_kept(key: str, value: Any) -> bool:
    nested = isinstance(value, dict) or (
        isinstance(value, list) and any(isinstance(item, dict) for item in value)
    )
    return nested or key in _KEPT or key.endswith("_id")


def _objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for inner in value.values() for found in _objects(inner))]
    if isinstance(value, list):
        return [found for inner in value for found in _objects(inner)]
    return []


def _change(body: dict[str, Any], change: Any) -> None:
    for found in _objects(body):
        for key, value in found.items():
            found[key] = change(key, value)


def _drop(body: dict[str, Any]) -> None:
    for found in _objects(body):
        for key in [key for key, value in found.items() if not _is_kept(key, value)]:
            del found[key]


def _extend(body: dict[str, Any]) -> None:
    for found in _objects(body):
        found["added_by_the_vendor"] = {"since": "yesterday", "values": [1, None, "two"]}
