"""What a profile must not say of the course over several sessions."""

from collections.abc import Iterator

from ketamon.domain.profile import Profile


def course(profile: Profile) -> Iterator[str]:
    """Return one sentence per problem of the table `course`."""
    rules = profile.course
    if rules.planned < 0:
        yield f"course.planned is {rules.planned}; allowed is a whole number that is not negative"
    if rules.planned and rules.spacing_days is None:
        yield "course.spacing_days is missing; a series needs it"
    if rules.maintenance and not rules.planned:
        yield "course.maintenance stands without course.planned; allowed is both"
    spacings = [("course.spacing_days", rules.spacing_days)] if rules.spacing_days is not None else []
    spacings += [(f"course.maintenance[{i}].spacing_days", m.spacing_days) for i, m in enumerate(rules.maintenance)]
    for at, (fewest, most) in spacings:
        if not 0 <= fewest <= most:
            yield f"{at} is [{fewest}, {most}]; allowed is the fewest days, then the most"
    yield from _stretches(profile)
    items = {item.id for item in profile.observation}
    for i, score in enumerate(rules.scores):
        if score not in items:
            yield f"course.scores[{i}] is {score!r}; allowed is the id of an observation"


def _stretches(profile: Profile) -> Iterator[str]:
    ends = [stretch.until_days for stretch in profile.course.maintenance]
    if ends and ends[0] is not None and ends[0] <= 0:
        yield f"course.maintenance[0].until_days is {ends[0]}; allowed is a number above 0"
    for i, until in enumerate(ends[:-1]):
        following = ends[i + 1]
        if until is None or (following is not None and until >= following):
            yield f"course.maintenance[{i}].until_days is {until}; allowed is less than in the stretch that follows"
