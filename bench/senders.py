"""Webhooks that are signed: as many a second as the plain function takes, and what reading a form tool's costs."""

import contextlib

from bench import contestants, warm
from bench.processes import HAS_PROC, cpu_seconds, hear, tell, tool, wait_for_quiet

STANDARD = "Webhooks a second, Liaison's signed as Standard Webhooks, otherwise alike"
THROUGHPUT = "Webhooks a second, Liaison's signed by Typeform with 15 answers, the plain function's flat"
MAPPED = "Webhooks a second, Liaison's signed by Typeform, mapped and looked up, the plain function's flat"
PROCESSOR = "Processor time of a delivery of Typeform, ms"
READING = "prove, read and map 15 answers, by themselves"
ALL = "all of it, from the answers to the saved relation"
COST, WHOLE = (PROCESSOR, READING), (PROCESSOR, ALL)
DELIVERIES = 1000  # read in a round


def measure_senders(around, seats, report, plan):
    """Run both cases round by round, the contestants in turn, and read deliveries between the rounds."""
    with contextlib.ExitStack() as stack:
        reading = None
        if seats["liaison"].name == "Liaison":
            reading = stack.enter_context(tool("decoding", str(around.folder / contestants.SENDERS)))
            read(reading)  # the first ones find nothing warm
        for _ in range(min(plan.blocks, 2)):
            measure_block(around, seats, report, plan, reading)


def measure_block(around, seats, report, plan, reading):
    """Start the contestants anew and run some rounds."""
    with contextlib.ExitStack() as stack:
        servers = {
            seat: stack.enter_context(warm.warmed(around, contestant, around.folder / seat))
            for seat, contestant in seats.items()
        }
        for seat, server in servers.items():
            for sender in senders_of(seats[seat]).values():
                warm.call(around, server, connections=16, requests=warm.WARM_UP, sender=sender)
        for number in range(plan.rounds):
            report.others.append(wait_for_quiet())
            for case in (warm.BUSY, warm.SLOW):
                warm.set_delay(around, case.delay)
                for seat in list(servers)[:: -1 if number % 2 else 1]:
                    for section, sender in senders_of(seats[seat]).items():
                        before = cpu_seconds(servers[seat])
                        figures = call(around, servers[seat], case, sender)
                        report.note(section, str(case), seat, figures["rate"])
                        if HAS_PROC and reading and sender == "mapped" and case is warm.BUSY:
                            used = 1000 * (cpu_seconds(servers[seat]) - before) / figures["requests"]
                            report.note(PROCESSOR, ALL, seat, used)
            if reading:
                note_processor(around, servers["liaison"], report, plan)
                report.note(PROCESSOR, READING, "liaison", read(reading))


def note_processor(around, server, report, plan):
    """Measure what a whole webhook costs, which reading is held against, unless that is measured anyway."""
    if HAS_PROC and "cpu" not in plan.sections:
        warm.set_delay(around, warm.BUSY.delay)
        before = cpu_seconds(server)
        figures = call(around, server, warm.BUSY, "")
        used = 1000 * (cpu_seconds(server) - before) / figures["requests"]
        report.note(warm.PROCESSOR, str(warm.BUSY), "liaison", used)


def call(around, server, case, sender):
    """Run one round of a case."""
    return warm.call(around, server, connections=case.connections, seconds=case.seconds, sender=sender)


def senders_of(contestant):
    """Return who sends to a contestant in each section: the plain function can read no delivery of Typeform's."""
    is_ours = contestant.name == "Liaison"
    sent = {STANDARD: "standard", THROUGHPUT: "signed", MAPPED: "mapped"}
    return sent if is_ours else dict.fromkeys(sent, "")


def read(reading):
    """Have a number of deliveries read; return the milliseconds of one."""
    tell(reading, str(DELIVERIES))
    return hear(reading)["ms"]
