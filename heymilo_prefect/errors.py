"""The root of the errors that this package raises.

HeyMiloPrefectError
├── HeyMiloError            a request to HeyMilo failed; see `heymilo_prefect.api.errors`
├── SheetError              a sheet can't be read, or its results can't be written
├── PostingError            a posting is missing, or a name fits several
├── TemplateError           a template can't be read or rendered
├── SlackError              Slack refused a request, or its response was lost
├── StateUnavailableError   what earlier runs did can't be read or written
├── SetupError              blocks or an automation can't be saved as they are
├── InterviewTimeoutError   an interview wasn't where it was waited for in time
└── UnfinishedError         a flow finished all it could, and work remains
"""


class HeyMiloPrefectError(Exception):
    """Any error of this package."""


class SetupError(HeyMiloPrefectError):
    """Blocks or an automation can't be saved as they are; nothing was saved."""
