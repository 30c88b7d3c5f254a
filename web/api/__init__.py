"""The REST API under ``/v1`` of the admin listener, for other services.

A module of routes makes its router with ``routing.api_router`` and each route so::

    @routes.get(
        "/onboardings/{onboarding_id}",
        **operation(
            Scope.READ,
            "show_onboarding",
            "Show where an onboarding stands",
            answer=EXAMPLE,
            refusals={404: (FailureCode.NO_SUCH_ONBOARDING,)},
        ),
    )
    async def shown(caller: Admitted, onboarding_id: IdPart) -> Onboarding: ...

The gate has let the caller in before the route, or anything of the request, is looked at; what
``likeness.temporal`` raises may fly through the route, ``refusals`` makes a problem of it.
"""
