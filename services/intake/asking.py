"""Asking the accountant whether it is solved, when a specialist calls it finished."""

from functools import partial

from services.intake import letters
from services.intake.domain import closing
from services.intake.domain.conversation import WorkStep
from services.intake.domain.requests import ServiceRequest
from services.intake.post import PostOffice
from shared.contracts.routing import WorkClosed, WorkFinished, WorkReopened


async def on_finished(event: WorkFinished, office: PostOffice) -> None:
    """Send the closing letter of this round; the same event again sends the same letter, which goes out once."""
    requests = office.reception.store.requests
    known = await requests.get(event.request_id)
    if known is None:
        return
    decide = partial(
        closing.finished,
        step=WorkStep("finished", event.at, event.round, event.specialist_id, event.note),
        by=event.specialist_id,
        token=office.reception.new_id(),
        to=await _address(office, known),
    )
    request = (await requests.step(event.request_id, decide)).state
    ask = closing.ask_of(request, event.round)
    if ask is not None:
        letter = letters.closing(request, ask, office.settings.public_url, await office.manager_of(request))
        await office.deliveries.send(f"closing-{request.request_id}-{ask.round}", letter, about=request.request_id)


async def on_round(event: WorkReopened | WorkClosed, office: PostOffice) -> None:
    """What was asked before this is void; the accountant's own word has said so already."""
    requests = office.reception.store.requests
    if await requests.get(event.request_id) is not None:
        closed = isinstance(event, WorkClosed)
        who = event.specialist_id if isinstance(event, WorkClosed) else event.refused_specialist_id
        step = WorkStep("closed" if closed else "reopened", event.at, event.round, who)
        begun = event.round + (1 if closed else 0)
        await requests.step(event.request_id, lambda known: closing.round_begun(known, begun, step))


async def _address(office: PostOffice, request: ServiceRequest) -> str | None:
    """Where the accountant reads mail; None where nobody can be asked by letter."""
    if not (office.settings.public_url and office.deliveries.takes("letter")):
        return None
    if request.caller.email is not None or request.client is None:
        return request.caller.email
    client = await office.reception.store.clients.get(request.client.client_id)
    contacts = () if client is None else client.contacts
    emails = (one.emails for one in contacts if one.contact_id == request.contact_id)
    return next((found[0] for found in emails if found), None)
