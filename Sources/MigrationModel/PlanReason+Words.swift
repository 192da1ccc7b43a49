// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

extension PlanReason: CustomStringConvertible {
    public var description: String { words }

    /// The reason in the words of plans, reports and JSON. No other code words a reason.
    public var words: String {
        decisionWords ?? adoptionWords ?? leftoverWords ?? changeWords ?? seriesWords ?? wayWords
            ?? code
    }

    private var decisionWords: String? {
        switch self {
        case .refused(let message): message
        case .notAtTarget: "not at the target yet"
        case .earlierVersionStays(let id):
            "a new version; image \(id), the version before, stays active under the same name"
        case .alreadyAtTarget(let id): "already at the target (image \(id))"
        case .sameDataSameName(let id):
            "target already has this data under the same name (image \(id))"
        case .sameDataSameID(let id): "target already has this data under the same id (\(id))"
        case .continues(let state): "continues: was \(state.rawValue)"
        case .continuesRecord(let id, let status): "continues: image \(id) is \(status)"
        case .unfinishedGeneration(let id):
            "image \(id) is an unfinished copy of another generation"
        case .failedBefore(let code): "failed before (\(code?.rawValue ?? "?")); tried again"
        case .deletedAtTarget(let id): "was copied as \(id ?? "?") and was deleted at the target"
        case .dataLost(let id):
            "image \(id) is our copy, but its data is missing or has another size; it is sent again"
        case .damaged(let id, let damage):
            "image \(id) is our copy, but \(damage.words)"
                + (damage.isMendable
                    ? "; a run copies it again" : ", and a run cannot replace that")
        case .damagedUnknown(let id, let damage):
            "image \(id) has the id of our copy, but \(damage.words), and the journal does not know it"
        case .toBePublished(let id): "image \(id) is proved, and still has to be published"
        case .toBeProved(let id):
            "image \(id) is at the target, and still has to be proved and published as planned"
        case .missingInStores(let id, let stores):
            "image \(id) is at the target, but not in store \(stores.joined(separator: ", ")) yet"
        case .fieldsChanged(let id, let fields):
            "image \(id) was published before \(fields.joined(separator: ", ")) changed"
        case .copiedOtherwise(let id, let fields):
            "image \(id) was copied by another pipeline or another journal, which set other "
                + fields.joined(separator: ", ")
        case .referenceCopiedAgain(let name): "names \(name), which is copied again"
        case .nameTaken(let id, let rule): "another image has this name (\(id))" + rule.words
        case .keptIDTaken(let id, let name):
            "its id has to be kept, and \(id) is the id of another image, \"\(name ?? "")\", at the "
                + "target"
        case .keptIDDeleted(let id):
            "its id \(id ?? "?") has to be kept, and its copy was deleted at the target, which "
                + "never gives out an id again"
        case .copyHasOtherData(let id, let checksum):
            "image \(id) is our copy, but holds other data: it has \(checksum)"
        case .copyCannotBeProved(let id, let status):
            "image \(id) is our copy and \(status), so it cannot be proved"
        default: nil
        }
    }

    /// A hint for the operator about a conflict; nil for other reasons.
    var wayOut: String? {
        switch self {
        case .nameTaken(let id, .fail):
            "rename image \(id), or say with `on_conflict` what to do about it, such as "
                + "`on_conflict: keep-both`"
        case .nameTaken(let id, .cannotReplace):
            "image \(id) is protected, of another project, or carries a marker of ours: remove the "
                + "protection or the marker, rename it, or write another `on_conflict`"
        case .damaged(_, let damage):
            damage.isMendable
                ? nil : "restore it from a copy of the archive, or remove it and run again"
        case .damagedUnknown:
            "restore it from a copy of the archive; or remove the record, and the next run copies the "
                + "image again"
        case .keptIDTaken: "write `keep_id: prefer`, so that the copy gets an id of its own"
        case .keptIDDeleted: "write `keep_id: prefer`, so that the copy gets another id"
        case .copyHasOtherData(let id, _):
            "unless someone needs image \(id), delete it at the target: the next run copies it again"
        case .copyCannotBeProved(let id, .deactivated):
            "reactivate image \(id) at the target, and the next run proves it"
        case .copyCannotBeProved(let id, _):
            "unless someone needs image \(id), delete it at the target: the next run copies it again"
        default: nil
        }
    }

    private var changeWords: String? {
        switch self {
        case .finishedByLaterRun:
            "the run only began it; a later run finished it, and the rollback of that run removes it"
        case .givenUpByLaterRun(let id):
            "a later run discarded it, or found it gone"
                + (id.map { ", and made image \($0) instead" } ?? "")
        case .changedByRun(let run, let field):
            "run \(run) has changed its \(field), since another version replaced it"
        case .updatedByRun(let run, let field):
            "run \(run) has updated its \(field), and a rollback changes nothing back"
        case .deletedByRun(let run):
            "run \(run) has deleted it, since another version replaced it"
        case .removedBefore(let time):
            "an earlier rollback removed it at \(Timestamp.text(time))"
        case .neverMade: "it was never made: the work on it ended before the target confirmed it"
        case .dataUnproved:
            "it is complete, and no digest shows that the run sent its data; the next run proves it "
                + "or copies the image again"
        case .madeByRun(let run): "run \(run) made it, and it is as the run left it"
        case .targetNotInPipeline: "the pipeline file does not name its target any more"
        case .neededBy(let id): "image \(id), which stays, names it as its kernel or ramdisk"
        case .replaced: "a newer version replaces it"
        case .replacedByEarlier:
            "the source has a version again that it had before, which replaces it"
        case .expired(let seconds, let keep):
            "it is not among the \(counted(keep, "earlier version")) to keep"
                + (seconds > 0 ? ", and was replaced more than \(Self.span(seconds)) ago" : "")
        case .currentAgain: "the source has this version again"
        case .journalDoesNotKnow:
            "this journal does not know it, so nothing proves that it is ours to change"
        case .notOurs: "it is not, or no longer, a copy that this pipeline made"
        case .protectedByHand: "someone has protected it"
        case .editedByHand(let field):
            [["protected"], ["hidden"], ["os_hidden"], ["deactivated"]].contains(field.names)
                ? "someone has set or removed `\(field)`" : "someone has changed its \(field)"
        case .deletesLimit(let most):
            "limits.deletes allows \(most) in one run; a later run deletes the rest"
        case .inUse(let message): "it is in use; a later run tries again: \(message)"
        case .currentNotDone(let state):
            "the version that replaces it is not done"
                + (state.map { " (\($0.rawValue))" } ?? "")
        default: nil
        }
    }

    private var seriesWords: String? {
        switch self {
        case .sameDataAsNew:
            "what the source offers as new has the data of a version before it, and replaces no "
                + "other one"
        case .newDataUnread:
            "the source's ETag or time is new, and only a run reads whether its data is; if not, "
                + "this version stays"
        case .currentNotShown: "the version that replaces it is not shown yet"
        case .becomesCurrent: "it becomes the current version of its series"
        case .nameHeld(let id, let edited):
            "image \(id) keeps the name of the series, and two images would have it"
                + (edited.map { "; someone has changed its \($0)" } ?? "")
        case .nameHeldByUnknown(let id):
            "image \(id) keeps the name of the series, and two images would have it; this journal does "
                + "not know it: another journal made it, or this one was lost"
        case .rolledBack(let version, let id):
            "an operator rolled the series back to version \(version) (image \(id)); it stays until "
                + "the source has a newer version"
        case .rollback(let version): "the series goes back to version \(version)"
        case .isCurrent: "it is the current version"
        case .amongKept(let count): "`keep` is \(count)"
        case .notExpired(let seconds, let replacedAt):
            "`expired` waits \(Self.span(seconds)); it was replaced "
                + (replacedAt.map { "at \(Timestamp.text($0.clampedProduct(1000)))" } ?? "just now")
        case .neverDeleted: "the target's `expired` deletes nothing"
        case .neverCurrent(let seconds, let leftAt):
            "never current; its source has moved on to another version"
                + Self.expiryWords(seconds, leftAt)
        default: nil
        }
    }

    private static func expiryWords(_ seconds: Int64?, _ leftAt: Int64?) -> String {
        guard let seconds, seconds > 0 else { return "" }
        guard let leftAt else { return "; no run has worked on it for \(span(seconds))" }
        return "; `expired` waits \(span(seconds)), and a run last worked on it at "
            + Timestamp.text(leftAt.clampedProduct(1000))
    }

    private static func span(_ seconds: Int64) -> String {
        for (size, unit) in [(86400, "d"), (3600, "h"), (60, "m")] as [(Int64, String)]
        where seconds % size == 0 {
            return "\(seconds / size)\(unit)"
        }
        return "\(seconds)s"
    }

    private var adoptionWords: String? {
        switch self {
        case .sourceNotSelected(let state):
            "the journal says \(state.rawValue); its source is gone or no longer selected"
        case .otherVersion(let state):
            "the journal says \(state.rawValue); it is an earlier copy, and its source has another "
                + "version now"
        case .noSource:
            "it comes from no source of this pipeline: its source is gone, or another pipeline "
                + "copied it"
        case .markerUnderForeignID:
            "it carries our marker under an id that we do not derive, as a snapshot of a server does"
        case .recordGone(let id, let state):
            "the journal says \(state.rawValue), but the target has no image \(id)"
        case .journalBehind(let state, let status):
            "the journal says \(state.rawValue), but the target says \(status)"
        case .provedBy(let algorithm): "its \(algorithm.rawValue) proves it"
        case .nothingPromised: "unverifiable: its source promises no checksum"
        case .notProvedYet: "the target's checksums do not prove it; the next run reads it back"
        default: nil
        }
    }

    private var leftoverWords: String? {
        switch self {
        case .unfinished(let status): "it is \(status), and no transfer needs it"
        case .markerProvesNothing:
            "it carries a marker, but neither the journal nor its id shows that this pipeline made "
                + "it"
        case .interruptedRunNeedsIt: "the interrupted run needs it"
        case .nextRunContinuesIt: "the next run continues with it"
        case .sourceIDWouldBurn:
            "it has the source image's id: deleting it would make that id unusable"
        case .changedByOthers(let visibility, let isProtected):
            "it is \(visibility)\(isProtected ? " and protected" : ""), so someone changed it"
        case .inOtherProject(let id): "it belongs to project \(id ?? "?")"
        case .goneMeanwhile: "someone else has removed it"
        case .changedMeanwhile(let status): "it changed during the check: it is \(status) now"
        case .busySince(let status, let time, let seconds):
            "it is \(status) since \(time), so another process may be sending it; it counts as left "
                + "over after \(TimeSpan.format(seconds))"
        case .busySinceUnknown(let status):
            "it is \(status), and the service does not say since when"
        case .removalFailed(let message): message
        default: nil
        }
    }

    private var wayWords: String? {
        switch self {
        case .dataIsLocal: "the file is on this machine"
        case .dataIsConverted: "the data is converted here, which needs the spool"
        case .dataIsDecompressed: "the data is decompressed here"
        case .urlNeedsSecrets: "the URL needs a password, a header or a query, which stay here"
        case .noSharedKeystone: "source and target do not share a Keystone"
        case .oneImageService: "source and target are projects of one Image service"
        case .namedByPipeline: "named by the pipeline"
        case .namedByPipelineUnproved:
            "named by the pipeline; the source promises no checksum, so nothing can prove the result"
        case .namedByPipelineReadBack(let digests):
            "named by the pipeline; \(digests.words), so it is read back for proof"
        case .importsNeedKeystone:
            "without Keystone an import has no owner, and the target fails it"
        case .methodNotOffered(let method): "the target does not offer \(method.rawValue)"
        case .nothingPromisedToCompare:
            "the source promises no checksum, so only bytes that pass through here can be hashed"
        case .digestsDiffer(let digests):
            "\(digests.words), so only bytes that pass through here can be proved"
        case .targetFetchesFaster(let algorithm, let estimates):
            "\(MethodEstimate.words(estimates)); the target's \(algorithm.rawValue) proves the result"
        case .sendingIsFaster(let estimates): MethodEstimate.words(estimates)
        case .methodStays(let estimates):
            "\(MethodEstimate.words(estimates)): too little to change the method"
        case .imageIsSmall(let bytes):
            "it has less than \(ByteCount.format(bytes)), which the target need not fetch itself"
        case .methodOfSavedPlan: "the saved plan has this method"
        case .idIsKept: "the id is kept, so wrong data must never become active under it"
        case .methodFailed(let method, let message): "\(method.rawValue) failed: \(message)"
        case .fillsSeveralStores(let reason): "\(reason.words); one import fills several stores"
        case .fetchedByTarget: "the target fetches it"
        case .severalTargets(let count): "read once for \(counted(count, "target"))"
        case .sourceBreaks: "the source broke twice and could not go on where it broke"
        case .isSpooled: "an earlier run has read all of it"
        case .oneTarget: "one target"
        default: nil
        }
    }
}

extension PlanReason.NameRule {
    fileprivate var words: String {
        switch self {
        case .keepBoth: "; both stay"
        case .skip: ""
        case .fail: "; `on_conflict` keep-both, replace, rename or skip accepts that"
        case .rename: "; renamed"
        case .replace: "; it is hidden once the copy is published"
        case .cannotReplace:
            ", and on_conflict: replace hides no image that is protected, is of another project than "
                + "the copy or carries a marker of ours that proves nothing"
        }
    }
}

extension PlanReason.Digests {
    fileprivate var words: String {
        "the source promises \(promised?.rawValue ?? "nothing") and the target reports "
            + reported.map(\.rawValue).joined(separator: " and ")
    }
}
