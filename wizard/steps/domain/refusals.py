"""Why AWS did not register a domain, in words. Pure.

The codes are those of RegisterDomain in the service's model. What fails later, in the operation, comes as a
message of the registrar's without a code: the commonest are told by their words.
"""

from __future__ import annotations

import re

from wizard.aws.route53domains import Operation
from wizard.errors import WizardError
from wizard.text import printable

SUPPORT = "https://console.aws.amazon.com/support"
QUOTAS = "https://console.aws.amazon.com/servicequotas/home/services/route53domains/quotas"
CONSOLE = "https://console.aws.amazon.com/route53/domains/home"

_TAKEN = re.compile(
    r"not available|unavailable|already (been )?(registered|taken|exists)|is taken", re.IGNORECASE
)
_PRICE = re.compile(r"max ?price|consent|price", re.IGNORECASE)
_PAYMENT = re.compile(r"payment|charge|billing|credit card|invoice", re.IGNORECASE)
_CONTACT = re.compile(
    r"contact|registrant|phone|address|email|postal|zip|state|country|parameters in request", re.IGNORECASE
)
_ACCOUNT = re.compile(
    r"free (tier|plan)|account .*(not allowed|not eligible|restricted|suspended|verif)", re.IGNORECASE
)


def of_order(error: WizardError, code: str, domain: str, price: str) -> WizardError:
    """Why AWS did not take the order for ``domain`` at ``price``: ``error`` itself where it says it best."""
    ending = domain.partition(".")[2]
    said = printable(error.what, 400)
    match code:
        case "UnsupportedTLD":
            return WizardError(
                f"AWS does not sell .{ending}",
                "Route 53 registers domains under some endings only. Nothing was bought.",
                f"Choose another ending, or buy {domain} at another registrar and come back.",
            )
        case "TLDInMaintenance":
            return WizardError(
                f"The registry of .{ending} is being maintained",
                "It takes no orders now. Nothing was bought.",
                "Try again in some hours.",
            )
        case "TLDRulesViolation":
            return WizardError(
                f"The registry of .{ending} has rules of its own",
                f"It does not take this order. Nothing was bought. AWS says: {said}",
                f"Register it in the Route 53 console ({CONSOLE}), or choose another ending.",
            )
        case "DomainLimitExceeded":
            return WizardError(
                "The account may not register more domains",
                "AWS lets an account have only so many (20 at first). Nothing was bought.",
                f"Ask for more in Service Quotas: {QUOTAS}",
            )
        case "OperationLimitExceeded":
            return WizardError(
                "Too many registrations run at once",
                "AWS takes no further one while those run. Nothing was bought.",
                "Wait until they have ended, then try again.",
            )
        case "DuplicateRequest":
            return WizardError(
                f"{domain} is being registered already",
                "The same order is with AWS, so it was not sent again.",
                "Look again: it is found and followed.",
            )
        case "InvalidInput":
            return _of_words(said, domain, price)
        case "AccessDeniedException" | "AccessDenied" if "not authorized to perform" not in said:
            return _account(said)
    return _account(said) if _ACCOUNT.search(said) else error


def of_operation(operation: Operation, domain: str) -> WizardError:
    """Why an operation ended without the domain."""
    said = printable(operation.message, 400)
    if _ACCOUNT.search(said):
        return _account(said)
    return _of_words(said, domain, "") if said else _unexplained(domain, "AWS gives no reason.")


def _of_words(said: str, domain: str, price: str) -> WizardError:
    """The error for a message without a code of its own."""
    if _TAKEN.search(said):
        return WizardError(
            f"{domain} is taken",
            f"Somebody else registered it, or it was never free. You have not got it. AWS says: {said}",
            "Choose another name.",
        )
    if _PAYMENT.search(said):
        return WizardError(
            "AWS could not charge the account",
            f"{domain} was not registered. AWS says: {said}",
            "Fix the payment method (https://console.aws.amazon.com/billing), then order it again.",
        )
    if price and _PRICE.search(said):
        return WizardError(
            "The price has changed",
            f"{domain} costs more than the {price} you agreed to, so nothing was bought. AWS says: {said}",
            "Check the prices, then order again.",
        )
    if _CONTACT.search(said):
        return WizardError(
            "The registry does not accept the contact",
            f"{domain} was not registered. AWS says: {said}",
            "Fix the form: plain letters, a phone number with its country's code, a complete address.",
        )
    return _unexplained(domain, f"AWS says: {said}")


def _account(said: str) -> WizardError:
    return WizardError(
        "This AWS account may not register domains",
        "AWS does not let every account buy domains: not those on a free plan, without a payment method, or "
        f"still being verified. Nothing was bought. AWS says: {said}",
        f"Upgrade the plan, finish the sign-up, or ask AWS Support ({SUPPORT}). Another registrar does, too.",
    )


def _unexplained(domain: str, why: str) -> WizardError:
    return WizardError(
        f"{domain} was not registered",
        f"{why} AWS mails the reason to the owner's address as well.",
        f"Ask AWS Support ({SUPPORT}; questions about domains are free), or choose another name.",
    )
