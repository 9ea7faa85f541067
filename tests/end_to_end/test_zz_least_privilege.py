"""Every permission is needed, and what a missing one does is said.

Each action of each statement is taken away, one at a time, on the deployed stack, where IAM is enforced.
What needs it is refused then, a function logs the reason, and with the permission back it works again.
The roles, keys, queues' policies and their statements are those of template.yaml: one without a row in
uses.py fails here. using.py says what a row is.

Last in its folder but for the logs: what it makes the functions log is none of the other tests' business.
"""

from __future__ import annotations

import pytest

from local.stack import Stack
from tests.end_to_end.denials import LogWatch
from tests.end_to_end.grants import Grant, Holder, grants_of_template
from tests.end_to_end.uses import UNSEEN, USES, reasons_unseen, use_of
from tests.end_to_end.using import Scene, Use

GRANTS = grants_of_template()
USED = [(grant, use) for grant in GRANTS if (use := use_of(grant)) is not None]


def test_every_permission_is_either_used_here_or_has_a_reason_why_that_cannot_be_seen() -> None:
    assert len(set(GRANTS)) == len(GRANTS)
    rows = {str(grant): len(reasons_unseen(grant)) + (str(grant) in USES) for grant in GRANTS}
    assert {grant: number for grant, number in rows.items() if number != 1} == {}


def test_no_row_is_about_a_permission_that_there_is_not() -> None:
    assert USES.keys() - {str(grant) for grant in GRANTS} == set()
    assert UNSEEN.keys() - {pattern for grant in GRANTS for pattern in reasons_unseen(grant)} == set()


@pytest.mark.parametrize("holder", sorted({grant.holder for grant, _ in USED}))
def test_what_the_template_grants_is_what_is_deployed(stack: Stack, holder: str) -> None:
    assert Holder(stack, holder).grants() == {grant for grant in GRANTS if grant.holder == holder}


@pytest.mark.parametrize(("grant", "use"), USED, ids=[str(grant) for grant, _ in USED])
def test_without_one_permission_its_use_is_refused_and_with_it_it_works(
    stack: Stack, provoked_denials: list[str], grant: Grant, use: Use
) -> None:
    holder = Holder(stack, grant.holder)
    all_of_them = holder.grants()
    watch = LogWatch(stack, holder.log_groups())
    try:
        with holder.without(grant):
            assert holder.grants() == all_of_them - {grant}
            if use.cold:
                holder.end_containers()
            assert not use.works(Scene(stack, watch)), "it works without the permission"
            assert watch.denials(), "nobody is told that a permission is missing"
        assert holder.grants() == all_of_them
        assert use.works(Scene(stack, LogWatch(stack, holder.log_groups())))
    finally:
        provoked_denials.extend(watch.denials())
