"""What every start needs, imported in Lambda's init phase.

A container initialises at full speed and then answers at the share of a CPU that its
memory buys (at 512 MB less than a third), so a user waits for these imports a third as
long here as within the first request. The send function alone imports this module: a
check of a gateway-held code needs none of it.
"""

from __future__ import annotations

import countersign.aws.usage
import countersign.phone
import countersign.providers.registry
import countersign.providers.transport
import countersign.service.resend
import countersign.service.start  # noqa: F401  # for their effect on sys.modules alone
