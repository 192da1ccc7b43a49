// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

/// The reason for a decision of a plan, with the values that matter.
///
/// ``code`` is stable, for programs. ``words`` is for people, and may change in
/// any release.
public enum PlanReason: Codable, Hashable, Sendable {
    // MARK: Reasons for the action on an image

    /// The image cannot be copied. Has the message of the refusal.
    case refused(message: String)
    case notAtTarget
    /// The image is a new version. The target's rules leave the earlier version as it is, under the
    /// same name.
    case earlierVersionStays(imageID: String)
    case alreadyAtTarget(imageID: String)
    case sameDataSameName(imageID: String)
    case sameDataSameID(imageID: String)
    case continues(state: TransferState)
    /// The journal does not know the record, but its id proves that it is ours.
    case continuesRecord(imageID: String, status: ImageStatus)
    case unfinishedGeneration(imageID: String)
    case failedBefore(code: TranshipError.Code?)
    case deletedAtTarget(imageID: String?)
    /// The copy's record is at the target, but its data is missing or has another size.
    case dataLost(imageID: String)
    /// The copy's files in an archive are damaged. A run makes them again, if it can.
    case damaged(imageID: String, TargetImage.Damage)
    /// As ``damaged(imageID:_:)``, but neither the record nor the journal proves that it is ours.
    case damagedUnknown(imageID: String, TargetImage.Damage)
    case toBePublished(imageID: String)
    case toBeProved(imageID: String)
    case missingInStores(imageID: String, stores: [String])
    /// `on_conflict: update` brings the copy's fields up to date.
    case fieldsChanged(imageID: String, fields: [String])
    case copiedOtherwise(imageID: String, fields: [String])
    /// A kernel or ramdisk that the image names gets another id.
    case referenceCopiedAgain(name: String)
    case nameTaken(imageID: String, NameRule)
    case keptIDTaken(imageID: String, name: String?)
    case keptIDDeleted(imageID: String?)
    case copyHasOtherData(imageID: String, Checksum)
    case copyCannotBeProved(imageID: String, status: ImageStatus)

    /// The effect of `on_conflict` on another image with the same name.
    public enum NameRule: String, Codable, Sendable {
        case keepBoth, skip, fail, rename, replace
        /// `replace` does not touch the other image, because it is protected, belongs to another
        /// project, or has a marker of ours that proves nothing.
        case cannotReplace
    }

    // MARK: Findings of `adopt`

    case sourceNotSelected(state: TransferState)
    /// The source is selected and has another version now.
    case otherVersion(state: TransferState)
    case noSource
    case markerUnderForeignID
    case recordGone(imageID: String, state: TransferState)
    case journalBehind(state: TransferState, status: ImageStatus)
    case provedBy(Checksum.Algorithm)
    case nothingPromised
    case notProvedYet

    // MARK: Findings of `clean`

    case unfinished(status: ImageStatus)
    case markerProvesNothing
    case interruptedRunNeedsIt
    case nextRunContinuesIt
    case sourceIDWouldBurn
    case changedByOthers(visibility: ImageVisibility, isProtected: Bool)
    case inOtherProject(projectID: String?)
    case goneMeanwhile
    case changedMeanwhile(status: ImageStatus)
    case busySince(status: ImageStatus, time: String, quietSeconds: Int64)
    case busySinceUnknown(status: ImageStatus)
    case removalFailed(message: String)

    // MARK: Findings of `rollback`

    case madeByRun(Int64)
    /// An earlier rollback removed the image, at this time in milliseconds since 1970.
    case removedBefore(Int64)
    /// The run chose the id, but ended before the target confirmed the record.
    case neverMade
    /// The run ended before it had proved the data, and no digest shows that the run sent it.
    case dataUnproved
    /// The run made the record, and a later run sent the data.
    case finishedByLaterRun
    /// A later run changed these fields, since another version replaced it.
    case changedByRun(Int64, field: FieldNames)
    /// A later run gave the image the fields that its source and the pipeline have now.
    case updatedByRun(Int64, field: FieldNames)
    /// A later run discarded the image, or found it gone. Has the image that the later run made
    /// instead, if any.
    case givenUpByLaterRun(newImageID: String?)
    /// A later run deleted the image, because another version had replaced it.
    case deletedByRun(Int64)
    case targetNotInPipeline
    /// Another image, which stays, needs this one as its kernel or ramdisk.
    case neededBy(imageID: String)

    // MARK: Reasons for changes of earlier versions

    case replaced(byVersion: String)
    /// The source went back to an earlier version, which replaces this one.
    case replacedByEarlier(version: String)
    /// The version was never current: no run finished it or gave it the name of the series, and its
    /// source has another version now. If only the seconds are given, it has expired; if both
    /// values are given, it has not.
    case neverCurrent(afterSeconds: Int64? = nil, leftAt: Int64? = nil)
    case expired(afterSeconds: Int64, keep: Int)
    case currentAgain
    case journalDoesNotKnow
    case notOurs
    case protectedByHand
    case editedByHand(field: FieldNames)
    case deletesLimit(Int)
    case inUse(message: String)
    case currentNotDone(state: TransferState?)
    /// The new version turned out to have the data of a version that the target had.
    case sameDataAsNew(versionID: String)
    /// `prune` leaves the version: it is replaced only if the source's data is new, and no run has
    /// read that data yet.
    case newDataUnread
    /// The change that makes the current version visible was not done.
    case currentNotShown
    /// A new version gets the name of the series.
    case becomesCurrent
    /// Another image keeps the name of the series, because these fields of it were edited.
    case nameHeld(imageID: String, edited: FieldNames? = nil)
    /// As ``nameHeld(imageID:edited:)``, but the other image is a copy that this journal does not
    /// know.
    case nameHeldByUnknown(imageID: String)
    /// An operator rolled the series back, and the source has no newer version since then.
    case rolledBack(toVersion: String, imageID: String)
    /// A rollback replaces this version with the given one.
    case rollback(toVersion: String)

    // MARK: Reasons of `prune` for keeping a version

    case isCurrent
    case amongKept(Int)
    case notExpired(afterSeconds: Int64, replacedAt: Int64?)
    case neverDeleted

    // MARK: Reasons for the method

    case dataIsLocal
    case dataIsDecompressed
    case dataIsConverted
    case urlNeedsSecrets
    case noSharedKeystone
    /// The target would have to fetch the data from itself.
    case oneImageService
    case namedByPipeline
    /// The pipeline names a method by which the service fetches the data, and nothing can prove the
    /// result.
    case namedByPipelineUnproved
    case namedByPipelineReadBack(Digests)
    case importsNeedKeystone
    case methodNotOffered(UploadMethod)
    case nothingPromisedToCompare
    case digestsDiffer(Digests)
    /// This method is estimated to take less time than the others; the first estimate is its own.
    case targetFetchesFaster(provedBy: Checksum.Algorithm, [MethodEstimate])
    /// The target could fetch the data, but that is estimated to take longer.
    case sendingIsFaster([MethodEstimate])
    /// Another method is estimated to take less time than the one that earlier runs used, but not
    /// so much less that a change pays.
    case methodStays([MethodEstimate])
    /// The target could fetch the data, but the image is small.
    case imageIsSmall(belowBytes: Int64)
    /// The run carries out a saved plan, which has this method.
    case methodOfSavedPlan
    case idIsKept
    case methodFailed(UploadMethod, message: String)
    /// One import fills several stores. Has the reason why the bytes pass through this process.
    indirect case fillsSeveralStores(PlanReason)

    /// True if the pipeline file names the method.
    public var isNamedByPipeline: Bool {
        switch self {
        case .namedByPipeline, .namedByPipelineUnproved, .namedByPipelineReadBack: true
        default: false
        }
    }

    /// The estimated times of the methods, if they decide; the first is that of the method in use.
    public var estimates: [MethodEstimate] {
        switch self {
        case .targetFetchesFaster(_, let estimates), .sendingIsFaster(let estimates),
            .methodStays(let estimates):
            estimates
        case .fillsSeveralStores(let reason): reason.estimates
        default: []
        }
    }

    /// The digests of a source and a target, if they cannot be compared.
    public struct Digests: Codable, Hashable, Sendable {
        /// The algorithm of the source's promise; nil if it promises nothing.
        public var promised: Checksum.Algorithm?
        /// The algorithms that the target reports.
        public var reported: [Checksum.Algorithm]

        public init(promised: Checksum.Algorithm?, reported: [Checksum.Algorithm]) {
            self.promised = promised
            self.reported = reported
        }
    }

    // MARK: Reasons for and against the spool

    case fetchedByTarget
    case severalTargets(count: Int)
    case sourceBreaks
    /// An earlier run has all of the data in the spool.
    case isSpooled
    case oneTarget
}

extension PlanReason {
    /// A stable name, as JSON writes it.
    public var code: String {
        switch self {
        case .refused: "refused"
        case .notAtTarget: "not-at-target"
        case .earlierVersionStays: "earlier-version-stays"
        case .alreadyAtTarget: "already-at-target"
        case .sameDataSameName: "same-data-same-name"
        case .sameDataSameID: "same-data-same-id"
        case .continues: "continues"
        case .continuesRecord: "continues-record"
        case .unfinishedGeneration: "unfinished-generation"
        case .failedBefore: "failed-before"
        case .deletedAtTarget: "deleted-at-target"
        case .dataLost: "data-lost"
        case .toBePublished: "to-be-published"
        case .toBeProved: "to-be-proved"
        case .missingInStores: "missing-in-stores"
        case .fieldsChanged: "fields-changed"
        case .referenceCopiedAgain: "reference-copied-again"
        case .nameTaken: "name-taken"
        case .keptIDTaken: "kept-id-taken"
        case .keptIDDeleted: "kept-id-deleted"
        case .copyHasOtherData: "copy-has-other-data"
        case .copyCannotBeProved: "copy-cannot-be-proved"
        case .sourceNotSelected: "source-not-selected"
        case .otherVersion: "other-version"
        case .noSource: "no-source"
        case .markerUnderForeignID: "marker-under-foreign-id"
        case .recordGone: "record-gone"
        case .journalBehind: "journal-behind"
        case .provedBy: "proved"
        case .notProvedYet: "not-proved-yet"
        case .unfinished: "unfinished"
        case .markerProvesNothing: "marker-proves-nothing"
        case .interruptedRunNeedsIt: "interrupted-run-needs-it"
        case .nextRunContinuesIt: "next-run-continues-it"
        case .sourceIDWouldBurn: "source-id-would-burn"
        case .changedByOthers: "changed-by-others"
        case .inOtherProject: "in-other-project"
        case .goneMeanwhile: "gone-meanwhile"
        case .changedMeanwhile: "changed-meanwhile"
        case .busySince, .busySinceUnknown: "busy"
        case .removalFailed: "removal-failed"
        case .madeByRun, .targetNotInPipeline, .neededBy, .replaced, .expired, .currentAgain,
            .journalDoesNotKnow, .notOurs, .protectedByHand, .editedByHand, .deletesLimit, .inUse,
            .currentNotDone, .sameDataAsNew, .newDataUnread, .currentNotShown, .becomesCurrent,
            .nameHeld, .nameHeldByUnknown, .rolledBack, .rollback, .isCurrent, .amongKept,
            .notExpired, .neverDeleted, .removedBefore, .neverMade, .dataUnproved,
            .finishedByLaterRun, .givenUpByLaterRun, .copiedOtherwise, .changedByRun, .updatedByRun,
            .deletedByRun, .replacedByEarlier, .neverCurrent, .damaged, .damagedUnknown:
            seriesCode ?? ""
        case .dataIsLocal, .dataIsDecompressed, .dataIsConverted, .urlNeedsSecrets,
            .noSharedKeystone, .oneImageService, .namedByPipeline, .namedByPipelineUnproved,
            .namedByPipelineReadBack, .importsNeedKeystone, .methodNotOffered,
            .nothingPromisedToCompare, .digestsDiffer, .targetFetchesFaster,
            .sendingIsFaster, .methodStays, .imageIsSmall, .methodOfSavedPlan, .idIsKept,
            .methodFailed, .fillsSeveralStores:
            methodCode ?? ""
        case .nothingPromised: "nothing-promised"
        case .fetchedByTarget: "target-fetches"
        case .severalTargets: "several-targets"
        case .sourceBreaks: "source-breaks"
        case .isSpooled: "is-spooled"
        case .oneTarget: "one-target"
        }
    }

    /// The code of a reason for the method.
    private var methodCode: String? {
        switch self {
        case .dataIsLocal: "data-is-local"
        case .dataIsDecompressed: "data-is-decompressed"
        case .dataIsConverted: "data-is-converted"
        case .urlNeedsSecrets: "url-needs-secrets"
        case .noSharedKeystone: "no-shared-keystone"
        case .oneImageService: "one-image-service"
        case .namedByPipeline, .namedByPipelineUnproved, .namedByPipelineReadBack:
            "named-by-pipeline"
        case .importsNeedKeystone: "imports-need-keystone"
        case .methodNotOffered: "method-not-offered"
        case .nothingPromisedToCompare: "nothing-promised"
        case .digestsDiffer: "digests-differ"
        case .idIsKept: "id-is-kept"
        case .methodFailed: "method-failed"
        case .fillsSeveralStores(let reason): reason.code
        case .targetFetchesFaster: "target-fetches"
        case .sendingIsFaster: "sending-is-faster"
        case .methodStays: "method-stays"
        case .imageIsSmall: "image-is-small"
        case .methodOfSavedPlan: "saved-plan"
        default: nil
        }
    }

    /// The code of a reason for a change of a version or a copy.
    private var seriesCode: String? {
        switch self {
        case .damaged(_, let damage): damage.isOfRecord ? "record-damaged" : "data-lost"
        case .damagedUnknown: "record-damaged"
        case .madeByRun: "made-by-run"
        case .targetNotInPipeline: "target-not-in-pipeline"
        case .neededBy: "needed-by-image"
        case .copiedOtherwise: "copied-otherwise"
        case .removedBefore: "removed-before"
        case .neverMade: "never-made"
        case .dataUnproved: "data-unproved"
        case .finishedByLaterRun: "finished-by-later-run"
        case .givenUpByLaterRun: "given-up-by-later-run"
        case .changedByRun: "changed-by-run"
        case .updatedByRun: "updated-by-run"
        case .deletedByRun: "deleted-by-run"
        case .replaced, .replacedByEarlier: "replaced"
        case .neverCurrent: "never-current"
        case .expired: "expired"
        case .currentAgain: "current-again"
        case .journalDoesNotKnow: "journal-does-not-know"
        case .notOurs: "not-ours"
        case .protectedByHand: "protected-by-hand"
        case .editedByHand: "edited-by-hand"
        case .deletesLimit: "deletes-limit"
        case .inUse: "in-use"
        case .currentNotDone: "current-not-done"
        case .newDataUnread: "new-data-unread"
        case .currentNotShown: "current-not-shown"
        case .becomesCurrent: "becomes-current"
        case .nameHeld: "name-held"
        case .nameHeldByUnknown: "name-held-by-unknown"
        case .sameDataAsNew: "same-data-as-new"
        case .rolledBack: "rolled-back"
        case .rollback: "rollback"
        case .isCurrent: "is-current"
        case .amongKept: "among-kept"
        case .notExpired: "not-expired"
        case .neverDeleted: "never-deleted"
        default: nil
        }
    }
}
