"""The commands' names, options and help. What they do stands in the module each of them imports when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy.cli import media
from deploy.cli.envelope import run

app = typer.Typer(
    name="seeding",
    help="Seeds the first full backup of remote offices into an Azure vault without their network.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON envelope and nothing else.")]
Home = Annotated[Path | None, typer.Option(help="Where journal and archive lie (default $SEEDING_HOME or ./.seeding).")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, such as sydney/2026-11, or its office's id.")]
Reason = Annotated[str, typer.Option(help="Why; it goes into the journal.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it without asking; needed when nobody can be asked.")]


@app.command()
def rehearse(
    data: Annotated[Path | None, typer.Option(help="Directory to use as the first office's backup data.")] = None,
    size: Annotated[str, typer.Option(help="How much sample data to make, for all offices together.")] = "200 MiB",
    serve: Annotated[bool, typer.Option("--serve", help="Only serve the rehearsal Azure, for any client.")] = False,
    keep_ui: Annotated[bool, typer.Option("--keep-ui", help="Leave the Prefect UI running at the end.")] = False,
    fault: Annotated[str, typer.Option(help="CODE[,CODE...]: play these faults instead; `all` for every one.")] = "",
    chaos: Annotated[int | None, typer.Option(metavar="SEED", help="Random faults at random times; seeded.")] = None,
    soak: Annotated[int, typer.Option(metavar="DAYS", help="Seeds from --chaos on, for so many office-days.")] = 0,
    offices: Annotated[int, typer.Option(help="So many offices, worked by processes as in production.")] = 0,
    home: Home = None,
    json: Json = False,
) -> None:
    """Seed the sample offices from order to incrementals against the built-in Azure. Needs no Azure account."""
    from deploy.cli import rehearse as command

    if fault:
        from deploy.cli import faults

        run("rehearse", lambda: faults.faults(home, fault, quiet=json), as_json=json)
    if soak:
        from deploy.cli.soak import soaked

        run("rehearse", lambda: soaked(home, soak, chaos or 0, quiet=json), as_json=json)
    if chaos is not None:
        from deploy.cli import faults

        run("rehearse", lambda: faults.chaos(home, chaos, quiet=json), as_json=json)
    if offices:
        from deploy.cli.rehearse_fleet import rehearse_fleet

        run("rehearse", lambda: rehearse_fleet(home, offices, size, quiet=json), as_json=json)
    if serve:
        run("rehearse", lambda: command.serve(home, as_json=json), as_json=json)
    run("rehearse", lambda: command.rehearse(home, data, size, keep_ui=keep_ui, quiet=json), as_json=json)


@app.command()
def validate(
    inventory: Annotated[Path | None, typer.Argument(help="The inventory (default: offices.yaml).")] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Check an inventory and every office's plan; print every problem at once. Changes nothing."""
    from deploy.cli import validate as command

    run("validate", lambda: command.answer(home, inventory), as_json=json)


@app.command()
def plan(
    inventory: Annotated[Path | None, typer.Argument(help="The inventory (default: offices.yaml).")] = None,
    office: Annotated[str, typer.Option(help="Only this office, every way in full.")] = "",
    start: Annotated[str, typer.Option(help="The day the first orders are placed (default: today).")] = "",
    slots: Annotated[int, typer.Option(min=0, max=1000, help="What if so many orders could be active?")] = 0,
    mbps: Annotated[float, typer.Option(min=0, help="What if every office's line had so many Mbit/s?")] = 0.0,
    before: Annotated[Path | None, typer.Option(help="An earlier plan (--json): sources stay where they were.")] = None,
    azure: Annotated[bool, typer.Option("--azure", help="Ask Azure's own validators, too.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Say how each office is best seeded, why, until when and at what price, and when which order is due."""
    from deploy.cli import planning

    asked = planning.Asked(inventory, office, start, slots, mbps, before, azure)
    run("plan", lambda: planning.plan(home, asked), as_json=json)


@app.command()
def start(
    office: Annotated[str, typer.Argument(help="The office's id in the inventory.")],
    month: Annotated[str, typer.Option(help="The run's month, such as 2026-11 (default: this one).")] = "",
    waive: Annotated[list[str] | None, typer.Option(help="CODE=REASON: accept a plan problem.")] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Plan a seeding run for an office and open its journal. Orders nothing yet."""
    from deploy.cli import starting

    run("start", lambda: starting.start(home, office, month, waive or []), as_json=json)


@app.command()
def adopt(
    office: Annotated[str, typer.Argument(help="The office's id in the inventory.")],
    job: Annotated[str, typer.Argument(help="The order's name in Azure.")],
    manifest: Annotated[
        Path | None, typer.Option(help="The sealed manifest of its device, once that has left the office.")
    ] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Make a run of an order that was placed by hand in the portal, in the state its evidence says."""
    from deploy.cli import adopting

    run("adopt", lambda: adopting.adopted(home, office, job, manifest), as_json=json)


@app.command()
def advance(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="One run; without it every run that is due.")] = "",
    now: Annotated[bool, typer.Option("--now", help="Look at the world now, due or not.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Advance one run, or all that are due, as far as the world allows."""
    from deploy.cli import advancing

    run("advance", lambda: advancing.advance(home, run_id, look_now=now), as_json=json)


@app.command()
def status(
    all_runs: Annotated[bool, typer.Option("--all", help="Show runs that are over, too.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """List the runs: where each is, since when, and what stands in its way."""
    from deploy.cli import looking

    run("status", lambda: looking.status(home, all_runs=all_runs), as_json=json)


@app.command()
def explain(run_id: RunId, home: Home = None, json: Json = False) -> None:
    """Say where a run is, whom it waits for, since when, and what to type."""
    from deploy.cli import looking

    run("explain", lambda: looking.explained(home, run_id), as_json=json)


@app.command()
def deadlines(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="One run; without it all open ones.")] = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """List every clock that runs, the worst harm first: its end, owner and price. Exit code 3 when one is near."""
    from deploy.cli import deadlines as clocks

    run("deadlines", lambda: clocks.shown(home, run_id), as_json=json)


@app.command()
def drill(home: Home = None, json: Json = False) -> None:
    """Lose a device in a rehearsal and say how long it took to see it and to make it good."""
    from deploy.cli import drilling

    run("drill", lambda: drilling.drilled(home, quiet=json), as_json=json)


@app.command()
def report(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="One run; without it the fleet.")] = "",
    out: Annotated[Path | None, typer.Option(help="The file to write: .html, .json or .csv (default: here).")] = None,
    kit: Annotated[bool, typer.Option("--kit", help="The office's page: what arrives, what to do.")] = False,
    link: Annotated[str, typer.Option(help="Where the kit's code leads (default: a mail to the contact).")] = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Write a report of a run or of the fleet, or the office's kit, as one file that needs nothing beside it."""
    from deploy.cli import reporting

    run("report", lambda: reporting.report(home, reporting.Asked(run_id, out, kit, link)), as_json=json)


@app.command()
def custody(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="One run; without it all of them.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Check that every line is as it was written.")] = False,
    export: Annotated[Path | None, typer.Option(help="Write the run's record to this new file, with --sign.")] = None,
    sign: Annotated[Path | None, typer.Option(help="The private Ed25519 key in PEM that signs the export.")] = None,
    verify: Annotated[Path | None, typer.Option(help="Check an exported file, with --key; needs no journal.")] = None,
    key: Annotated[Path | None, typer.Option(help="The public key in PEM that the export is checked with.")] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Print the custody record, check its chain, or sign it for an auditor. Exit code 1 names what was changed."""
    from deploy.cli import looking

    if export or sign or verify or key:
        from deploy.cli import exporting

        wanted = exporting.Wanted(run_id, export, sign, verify, key)
        run("custody", lambda: exporting.answer(home, wanted, check=check), as_json=json)
    run("custody", lambda: looking.custody(home, run_id, check=check), as_json=json)


@app.command("migrate-journal")
def migrate_journal(
    to: Annotated[str, typer.Option(metavar="URL", help="postgresql://ROLE@HOST/DATABASE or sqlite:///PATH.")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Copy the journal into another database and check every chain on both sides. Repeat it until it is done."""
    from deploy.cli import moving

    run("migrate-journal", lambda: moving.migrate_journal(home, to), as_json=json)


@app.command()
def deploy(
    inventory: Annotated[Path | None, typer.Argument(help="The inventory (default: offices.yaml).")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would change, and change nothing.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Make the Prefect server hold a deployment per office, queues, forms and limits. Safe to repeat."""
    from deploy.cli import deploying

    run("deploy", lambda: deploying.deploy(home, inventory, dry_run=dry_run), as_json=json)


@app.command()
def work(
    offices: Annotated[
        list[str] | None,
        typer.Argument(metavar="OFFICE", help="The offices whose work is done here; without any the hub's."),
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Do what waits now, then end.")] = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Do the work that waits in Prefect for offices, or for the hub, until stopped."""
    from deploy.cli import working

    run("work", lambda: working.work(home, offices or [], once=once), as_json=json)


@app.command()
def doctor(
    office: Annotated[str, typer.Option(help="Only this office, and its backup agent.")] = "",
    home: Home = None,
    json: Json = False,
) -> None:
    """Check that journal, inventory, credential, vault and storage account are fit for use. Changes nothing."""
    from deploy.cli import checking

    run("doctor", lambda: checking.doctor(home, office), as_json=json)


@app.command()
def hold(run_id: RunId, reason: Reason, home: Home = None, json: Json = False) -> None:
    """Stop a run where it is. Deadlines go on; so do looks at the world."""
    from deploy.cli import answering

    run("hold", lambda: answering.hold(home, run_id, reason), as_json=json)


@app.command()
def resume(run_id: RunId, reason: Reason = "", home: Home = None, json: Json = False) -> None:
    """Clear a hold and every condition that blocks, and let the run try again."""
    from deploy.cli import answering

    run("resume", lambda: answering.resume(home, run_id, reason), as_json=json)


@app.command()
def waive(
    run_id: RunId,
    code: Annotated[str, typer.Argument(help="The condition's code.")],
    reason: Reason,
    home: Home = None,
    json: Json = False,
) -> None:
    """Record that a condition shall not stop a run."""
    from deploy.cli import answering

    run("waive", lambda: answering.waive(home, run_id, code, reason), as_json=json)


@app.command()
def cancel(
    run_id: RunId,
    reason: Reason = "no reason given",
    abandon: Annotated[bool, typer.Option("--abandon", help="Give the run up and leave Azure as it is.")] = False,
    yes: Yes = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Cancel a run and its order while Azure allows it."""
    from deploy.cli import answering

    run("cancel", lambda: answering.cancel(home, run_id, reason, abandon=abandon, yes=yes), as_json=json)


@app.command()
def reorder(
    run_id: RunId, reason: Reason = "no reason given", yes: Yes = False, home: Home = None, json: Json = False
) -> None:
    """Order again: the device is lost, damaged, or the ingestion was incomplete."""
    from deploy.cli import answering

    run("reorder", lambda: answering.reorder(home, run_id, reason, yes=yes), as_json=json)


@app.command()
def reopen(run_id: RunId, reason: Reason = "no reason given", home: Home = None, json: Json = False) -> None:
    """Go back to the copy before the device leaves the office."""
    from deploy.cli import answering

    run("reopen", lambda: answering.reopen(home, run_id, reason), as_json=json)


@app.command("stop-job")
def stop_job(run_id: RunId, yes: Yes = False, home: Home = None, json: Json = False) -> None:
    """Stop the online backup job that runs at the office now, such as one that sends the whole seed again."""
    from deploy.cli import answering

    run("stop-job", lambda: answering.stop_job(home, run_id, yes=yes), as_json=json)


@app.command()
def close(
    run_id: RunId,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would go, and what is against it.")] = False,
    yes: Yes = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Approve the clean-up of a run whose incrementals run: its containers, its staging place, its order's record."""
    from deploy.cli import closing

    answer = closing.dry_run if dry_run else closing.close
    run("close", lambda: answer(home, run_id, yes=yes), as_json=json)


@app.command("record")
def record_answer(
    run_id: RunId,
    what: Annotated[str, typer.Argument(metavar="WHAT", help="delivered, attached, prepared, handed-over, restored.")],
    serial: Annotated[str, typer.Option(help="delivered: the serial number on the device's label.")] = "",
    damaged: Annotated[
        bool, typer.Option("--damaged", help="delivered: the device or its packaging is damaged.")
    ] = False,
    reference: Annotated[
        str, typer.Option(help="prepared: the completion reference number; handed-over: the gate's code on the parcel.")
    ] = "",
    carrier: Annotated[str, typer.Option(help="handed-over: the carrier's name.")] = "",
    tracking: Annotated[str, typer.Option(help="handed-over: the tracking number.")] = "",
    serials: Annotated[str, typer.Option(help="attached: own drives that may be formatted, with commas.")] = "",
    file: Annotated[list[str] | None, typer.Option(help="restored: ITEM/PATH of a restored file; repeatable.")] = None,
    sha256: Annotated[list[str] | None, typer.Option(help="restored: its SHA-256, in the same order.")] = None,
    by: Annotated[str, typer.Option(help="Who saw it (default: you).")] = "",
    yes: Yes = False,
    home: Home = None,
    json: Json = False,
) -> None:
    """Record what happened at the office: delivered, attached (own drives), prepared, handed-over or restored."""
    from deploy.cli import answering

    hashes = tuple(file or ()), tuple(sha256 or ())
    facts = answering.Told(what, serial, damaged, reference, carrier, tracking, serials, yes, by, *hashes)
    run("record", lambda: answering.record(home, run_id, facts), as_json=json)


media.register(app)
