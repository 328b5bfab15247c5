"""Our side: interviews become messages with a packaged template."""

import sys

from pydantic import SecretStr

from heymilo_prefect.blocks import HeyMiloCredentials
from heymilo_prefect.summaries import load_summary_template, render_summary
from tests.benchmarks import PAGE, Stopwatch


def main(template: str, url: str, api_key: str, posting_id: str, wanted: str) -> None:
    """Render so many interviews, thread and all, and tell what that needed."""
    block = HeyMiloCredentials(api_key=SecretStr(api_key), base_url=url, requests_per_minute=1e8)
    everybody = block.get_client().iter_interviews(posting_id, PAGE)
    interviews = [interview for interview in everybody if interview.has_report][: int(wanted)]
    sound = load_summary_template(template)
    watch = Stopwatch()
    done = sum(bool(render_summary(interview, None, sound).blocks) for interview in interviews)
    watch.tell(done)


if __name__ == "__main__":
    main(*sys.argv[1:])
