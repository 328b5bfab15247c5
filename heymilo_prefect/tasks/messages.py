"""Messages to Slack for people's own flows: an interview's summary, and what is posted once."""

import time
from dataclasses import dataclass
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.utilities.asyncutils import run_coro_as_sync

from heymilo_prefect import summaries
from heymilo_prefect.api.models import Interview, Posting
from heymilo_prefect.blocks import SlackTarget, SummaryTemplate
from heymilo_prefect.slack import SlackMessage, SlackOutcomeUnknownError, plain_message
from heymilo_prefect.state.post_log import PostLog
from heymilo_prefect.state.posts import MESSAGE, MessageKey
from heymilo_prefect.state.secret import TeamSecret
from heymilo_prefect.state.store import StateStore
from heymilo_prefect.templating import Template

_LOOK_BACK_SECONDS = 30 * 86400.0

_task = task(retries=0, cache_policy=NO_CACHE, persist_result=False)


@dataclass(frozen=True)
class PostedMessage:
    """A message in Slack.

    Attributes:
        ts: What names it in its channel; None from a webhook, which tells none.
        is_new: Whether this call posted it, and no earlier one.
    """

    ts: str | None
    is_new: bool


@_task
def render_summary(
    interview: Interview,
    posting: Posting | None = None,
    template: SummaryTemplate | Template | str | Path | None = None,
) -> SlackMessage:
    """Make the Slack message about an interview.

    `heymilo_prefect.summaries.render_summary` does the same without a task run.

    Args:
        interview: The interview; any of its fields may be missing.
        posting: Its posting, when it is at hand.
        template: A `SummaryTemplate` block, a file's path, an https URL, the text itself, or a
            packaged one: `full`, which is the default, or `compact`.

    Raises:
        TemplateError: The template can't be read or rendered.
    """
    return _rendered(interview, posting, template)


@_task
async def arender_summary(
    interview: Interview,
    posting: Posting | None = None,
    template: SummaryTemplate | Template | str | Path | None = None,
) -> SlackMessage:
    """Make the Slack message about an interview: `render_summary`, to be awaited."""
    return _rendered(interview, posting, template)


@_task
def post_message(slack: SlackTarget, message: SlackMessage | str, key: str) -> PostedMessage:
    """Post a message exactly once for a key, whatever is retried, killed or run twice.

    A later call with the key posts nothing, whatever its message. Where it can't be known whether
    an earlier call posted, the channel is read, 30 days back.

    Args:
        slack: A `SlackChannel`, or an incoming webhook, which can't be read, and takes no thread.
        message: As `render_summary` makes it; or a text, whose web addresses become links.
        key: What the message is about, such as `"decision int_abc123"`: within the channel, each
            key stands for one message.

    Returns:
        A `PostedMessage`.

    Raises:
        SlackError: It isn't posted, or not all of its thread; call again.
        SlackOutcomeUnknownError: Slack's answer was lost and the channel can't be read: it may be
            there, and no later call posts it.
        StateUnavailableError: Prefect's result storage or server can't be used: not posted.

    Source: `chat.postMessage`, https://docs.slack.dev/reference/methods/chat.postMessage.
    """
    posted: PostedMessage = run_coro_as_sync(_posted(slack, message, key))
    return posted


@_task
async def apost_message(slack: SlackTarget, message: SlackMessage | str, key: str) -> PostedMessage:
    """Post a message exactly once for a key: `post_message`, to be awaited."""
    return await _posted(slack, message, key)


def _rendered(
    interview: Interview,
    posting: Posting | None,
    template: SummaryTemplate | Template | str | Path | None,
) -> SlackMessage:
    sound = template.get_template() if isinstance(template, SummaryTemplate) else template
    return summaries.render_summary(interview, posting, sound)


async def _posted(slack: SlackTarget, message: SlackMessage | str, key: str) -> PostedMessage:
    if not key.strip():
        raise ValueError("key is empty: name what the message is about.")
    made = plain_message(message) if isinstance(message, str) else message
    seal = await TeamSecret.of_team()
    about = MessageKey(MESSAGE, seal.mark_of(key.encode()))  # a key may name somebody
    oldest = time.time() - _LOOK_BACK_SECONDS
    async with PostLog(slack, await StateStore.open(), seal, oldest) as ledger:
        await ledger.load([about])
        posted = ledger.of(about)
        is_new = posted.is_new
        broke_off = len(posted.parts) < posted.of
        if (is_new or broke_off) and await ledger.put(about, made) == "unknown":
            raise SlackOutcomeUnknownError(
                f"The message may be in {ledger.target.name} or not: look there. It isn't posted "
                "again.",
                "outcome_unknown",
            )
        return PostedMessage(ledger.of(about).ts, is_new)
