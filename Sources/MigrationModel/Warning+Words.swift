// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

extension Warning {
    typealias Texts = (code: String, words: String)

    /// The code and the words of the warning. No other code words a warning.
    var texts: Texts {
        placeTexts ?? journalTexts ?? findingTexts ?? seriesTexts ?? endTexts ?? ("warning", "")
    }

    private var placeTexts: Texts? {
        switch self {
        case .cloudsFile(let remark): ("clouds-file", remark)
        case .weakConnection(let sentence): ("weak-connection", sentence)
        case .secretsWithoutTLS(let place, let url):
            (
                "weak-connection",
                "\(place): `auth` and `headers` go to \(url) without TLS, so they can be read on the "
                    + "way"
            )
        case .projectsUnchecked(let cloud, let ids, let count):
            (
                "projects-unchecked",
                "cloud \"\(cloud)\": its user may not ask Keystone, so it is unchecked whether it has "
                    + "\(counted(count, "project")) of the pipeline: \(ids.joined(separator: ", "))"
                    + (count > ids.count ? " and \(count - ids.count) more" : "")
            )
        case .sourceIsTarget(let place, let cloud, let target):
            (
                "source-is-target",
                "\(place): source and target are one: \(cloud) and \(target) are the same project of "
                    + "the same Image service"
            )
        case .rulesWithoutEffect(let place, let keys, let target):
            (
                "rules-without-effect",
                "\(place): \(keys.map { "`\($0)`" }.joined(separator: ", ")) of target \(target) "
                    + "change nothing: they are about earlier versions, and images of clouds have "
                    + "none"
            )
        case .hookProgramMissing(let message):
            ("hook-program-missing", "\(message), so nothing will run after the run")
        case .fewOpenFiles(let wanted, let needed, let most, let images):
            (
                "few-open-files",
                "limits.images: \(wanted) needs about \(needed) open files, and this process may have "
                    + "\(most): no more than \(counted(images, "image")) at once are in flight; raise "
                    + "the limit (`ulimit -n`) for more"
            )
        default: nil
        }
    }

    private var journalTexts: Texts? {
        switch self {
        case .journalShared(let file, let other, let name, let journal):
            (
                "journal-shared",
                "\(file) and \(other) have the same `name`, \(name), so both use the journal "
                    + "\(journal): status, report, resume and rollback take their runs for those of "
                    + "one pipeline; give one of them another `name`, or run it with --journal PATH"
            )
        case .pipelineFileGone(let file):
            (
                "pipeline-file-gone",
                "the pipeline file \(file) is gone; the text in the journal takes its place"
            )
        case .journalPassedOver(let message): ("journal-passed-over", "passed over: \(message)")
        case .pipelineEdited(let run, let edits, let count):
            (
                "pipeline-edited",
                "the pipeline file was edited since run \(run) began, so the work is planned again: "
                    + edits.joined(separator: ", ")
                    + (count > edits.count ? " and \(count - edits.count) more" : "")
            )
        case .laterRunFailed(let failed, let run):
            (
                "later-run-failed",
                "run \(failed) failed since run \(run) was interrupted, so the work is planned again"
            )
        case .savedPlanDiffers(let line):
            ("saved-plan-differs", "not as in the saved plan: \(line)")
        case .targetNotNamed(let target, let ids, let count):
            (
                "target-not-in-pipeline",
                "the pipeline file no longer names the target \(target), at which the journal knows "
                    + "\(counted(count, "unfinished record")) of ours: \(ids.joined(separator: ", "))"
                    + (count > ids.count ? " and \(count - ids.count) more" : "")
                    + "; name it again under `targets`, or its project in `projects`, and run clean, "
                    + "or delete them by hand"
            )
        default: nil
        }
    }

    private var findingTexts: Texts? {
        switch self {
        case .absent(let absence):
            (
                "\(absence.side.rawValue)-absent",
                "\(absence.words): \(absence.failure.message); \(absence.consequence)"
            )
        case .missed(let missed):
            (
                "nothing-selected",
                missed.words
                    + (missed.wayOut.map { ": \($0)" } ?? " (`allow_empty: true` accepts that)")
            )
        case .notSelected(let id, let reason):
            ("not-selected", "image \(id) is named, but not selected: \(reason)")
        case .note(let note): (note.code, note.words)
        case .noted(let code, let target, let names, let words):
            (code, (target.map { "target \($0): " } ?? "") + "\(names.words): \(words)")
        case .moreNoted(let code, let count):
            (code, "and \(count) more of these; `tranship plan -v` lists them")
        case .leftOut(let target, let names):
            (
                "name-taken",
                "target \(target): on_conflict: skip leaves out \(counted(names.count, "image")), "
                    + "since a different image there has the same name: "
                    + names.names.joined(separator: ", ")
                    + (names.count > names.names.count ? ", …" : "")
            )
        case .manyMembers(let image, let target, let count):
            (
                "many-members",
                "\(image) -> \(target): \(count) members: more than 128, the default of "
                    + "image_member_quota; if the target refuses some, the copy stays unpublished"
            )
        case .noQuota(let message): ("quota-exceeded", message)
        default: nil
        }
    }

    private var seriesTexts: Texts? {
        switch self {
        case .earlierVersionsStay(let target, let names, true):
            (
                "earlier-version-stays",
                "target \(target): the earlier version of \(names.words) stays active under the same "
                    + "name; `previous: hide` in the target hides it"
            )
        case .earlierVersionsStay(let target, let names, false):
            (
                "unknown-version-stays",
                "target \(target): the earlier version of \(names.words) stays active under the same "
                    + "name, because another pipeline or journal made it, and no rule of this one "
                    + "changes it; hide it yourself, or give the images of this pipeline other names"
            )
        case .unfinishedVersionsStay(let target, let names):
            (
                "unfinished-version-stays",
                "target \(target): \(counted(names.count, "record")) of versions that no run finished, "
                    + "and that their source has left: \(names.words); `tranship clean` deletes what no "
                    + "run needs"
            )
        case .nameShared(let place, let name, let count):
            (
                "name-shared",
                "\(place.map { "\($0): " } ?? "")`name` makes \"\(name)\" the name of \(count) images; "
                    + "with a placeholder each has its own, such as name: \"{name}\""
            )
        case .productGone(let series, let place):
            (
                "product-gone",
                "\(series)\(place.map { " (\($0))" } ?? ""): the index does not have this product any "
                    + "more; its copies stay as they are, and get no new version"
            )
        default: nil
        }
    }

    private var endTexts: Texts? {
        switch self {
        case .othersWereThere(let images, let run):
            (
                "there-before-run",
                (images == 1 ? "1 image was" : "\(images) images were")
                    + " at the targets before run \(run) came to \(images == 1 ? "it" : "them"): "
                    + "the rollback leaves \(images == 1 ? "it" : "them") alone"
            )
        case .versionsStayChanged(let count, let run):
            (
                "versions-stay-changed",
                "run \(run) also changed \(counted(count, "earlier version")) of series, which stay "
                    + "as they are; `tranship series rollback` goes back to an earlier version"
            )
        case .imagesStayUpdated(let count, let run):
            (
                "images-stay-updated",
                "run \(run) also updated \(counted(count, "image")) of earlier runs, which stay as "
                    + "they are: a rollback removes what a run made, and changes nothing back"
            )
        case .journalNotPruned(let message):
            (
                "journal-not-pruned",
                "the journal keeps what `journal.keep` would remove: \(message)"
            )
        case .endUnknown(let message):
            ("end-unknown", "the journal does not say how the run ended: \(message)")
        case .hookFailed(let message): ("hook-failed", "hook: \(message)")
        default: nil
        }
    }
}
