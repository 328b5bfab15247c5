"""Tasks for Slack messages: render an interview's summary, and post a message exactly once."""

import time
from dataclasses import dataclass
from pathlib import Path

from heymilo_prefect import summaries
from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.blocks import SlackTarget, SummaryTemplate
from heymilo_prefect.slack import SlackMessage, SlackOutcomeUnknownError, plain_message
from heymilo_prefect.state.post_log import PostLog
from heymilo_prefect.state.posts import MESSAGE, MessageKey
from heymilo_prefect.state.secret import TeamSecret
from heymilo_prefect.state.store import StateStore
from heymilo_prefect.tasks._twins import async_twin, coroutine_task, plain_task
from heymilo_prefect.templating import Template

_LOOK_BACK_SECONDS = 30 * 86400.0


@dataclass(frozen=True)
class PostedMessage:
    """A message in Slack.

    Attributes:
        ts: The timestamp that identifies it in its channel; None from a webhook.
        is_new: Whether this call posted it, not an earlier one.
    """

    ts: str | None
    is_new: bool


@plain_task
def render_summary(
    interview: Interview,
    posting: Posting | None = None,
    template: SummaryTemplate | Template | str | Path | None = None,
) -> SlackMessage:
    """Render the Slack message about an interview.

    `heymilo_prefect.summaries.render_summary` does the same without a task run.

    Args:
        interview: The interview; any of its fields may be missing.
        posting: Its posting, if known.
        template: A `SummaryTemplate` block, a file's path, an https URL, the text itself, or a
            packaged one: `full`, which is the default, or `compact`.

    Raises:
        TemplateError: The template can't be read or rendered.
    """
    loaded = template.get_template() if isinstance(template, SummaryTemplate) else template
    return summaries.render_summary(interview, posting, loaded)


@coroutine_task
async def post_message(slack: SlackTarget, message: SlackMessage | str, key: str) -> PostedMessage:
    """Post a message exactly once per key, even if the call is retried, killed or run twice.

    A later call with the same key posts nothing, whatever its message. If it isn't known whether an
    earlier call posted, the channel is read, up to 30 days back.

    Args:
        slack: A `SlackChannel`, or an incoming webhook, which can't be read and has no threads.
        message: What `render_summary` returns; or a text, whose web addresses become links.
        key: What the message is about, such as `"decision int_abc123"`: each key identifies one
            message per channel.

    Returns:
        A `PostedMessage`.

    Raises:
        SlackError: The message, or a part of its thread, wasn't posted; call again.
        SlackOutcomeUnknownError: Slack's response was lost and the channel can't be read: the
            message may be there, and no later call posts it.
        StateUnavailableError: Prefect's result storage or server can't be used; nothing was posted.

    Source: `chat.postMessage`, https://docs.slack.dev/reference/methods/chat.postMessage.
    """
    if not key.strip():
        raise ValueError("key is empty. Name what the message is about.")
    content = plain_message(message) if isinstance(message, str) else message
    secret = await TeamSecret.load()
    about = MessageKey(MESSAGE, secret.keyed_hash(key.encode()))  # a key may contain a name
    oldest = time.time() - _LOOK_BACK_SECONDS
    async with PostLog(slack, await StateStore.open(), secret, oldest) as posts:
        await posts.load([about])
        posted = posts.record_of(about)
        is_new = posted.is_new
        is_incomplete = len(posted.parts) < posted.expected_parts
        if (is_new or is_incomplete) and await posts.put(about, content) == "unknown":
            raise SlackOutcomeUnknownError(
                f"Slack's response was lost, so the message may be in {posts.target.name} or not. "
                "Check there; it isn't posted again.",
                "outcome_unknown",
            )
        return PostedMessage(posts.record_of(about).ts, is_new)


apost_message = async_twin(post_message)
"""`post_message` for async flows."""
