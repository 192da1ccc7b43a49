// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// A warning about a run as a whole: before its work, during planning, or after its end.
///
/// ``code`` is stable, for programs. ``words`` is for people, and may change in any release.
public enum Warning: Hashable, Sendable {
    // MARK: The pipeline and its clouds

    /// A setting in clouds.yaml has no effect. Has a whole sentence.
    case cloudsFile(String)
    /// The connection to a cloud is not protected. Has a whole sentence.
    case weakConnection(String)
    /// `auth` and `headers` of the entry at this place can be read on their way to a URL.
    case secretsWithoutTLS(place: String, url: String)
    /// It is unknown whether a cloud has these projects of the pipeline. Has the first ids, and the
    /// number of all.
    case projectsUnchecked(cloud: String, ids: [String], count: Int)
    case sourceIsTarget(place: String, cloud: String, targetKey: String)
    /// These keys of a target are about earlier versions, but its sources have none.
    case rulesWithoutEffect(place: String, keys: [String], target: String)
    /// The program of a hook is missing; the message names it.
    case hookProgramMissing(message: String)
    /// This process may not open the files that `limits.images` needs.
    case fewOpenFiles(imagesWanted: Int, filesNeeded: Int, filesMax: Int, images: Int)

    // MARK: The journal and earlier runs

    /// Another pipeline file has the same name.
    case journalShared(file: String, other: String, name: String, journalPath: String)
    case pipelineFileGone(file: String)
    /// A journal that may have an interrupted run cannot be read.
    case journalPassedOver(message: String)
    /// The pipeline file was edited since a run began. Has the first edits, and the number of all.
    case pipelineEdited(sinceRun: Int64, edits: [String], count: Int)
    case laterRunFailed(Int64, interrupted: Int64)
    /// The plan differs from the saved plan. Has one difference, as a line.
    case savedPlanDiffers(String)
    /// The pipeline does not name a target any more that has unfinished records.
    case targetNotNamed(targetKey: String, imageIDs: [String], count: Int)

    // MARK: Findings of the plan

    case absent(Absence)
    case missed(MissedSelection)
    case notSelected(imageID: String, reason: String)
    /// A note of the plan about a single image, or about a series.
    case note(Note)
    /// A note of the plan about several images, which may name one target. Has the words for the
    /// first image.
    case noted(code: String, targetKey: String?, FirstNames, words: String)
    /// The number of further notes with this code that are not listed.
    case moreNoted(code: String, count: Int)
    /// `on_conflict: skip` leaves images out.
    case leftOut(targetKey: String, FirstNames)
    /// The plan gives several images of a target the same name, which has no placeholders.
    case nameShared(place: String?, name: String, count: Int)
    /// Earlier versions stay active beside new versions of the same name. If the journal knows
    /// them, a rule of the target could hide them.
    case earlierVersionsStay(targetKey: String, FirstNames, areKnown: Bool)
    /// There are records of versions that no run finished and that their source does not offer any
    /// more. No later run needs them, and no rule of the target changes them.
    case unfinishedVersionsStay(targetKey: String, FirstNames)
    /// An index does not have this product any more.
    case productGone(series: String, place: String?)
    case manyMembers(image: String, targetKey: String, count: Int)
    /// A quota has no room for the plan; the message names it.
    case noQuota(message: String)

    // MARK: Images that a rollback leaves

    case othersWereThere(images: Int, beforeRun: Int64)
    case versionsStayChanged(count: Int, byRun: Int64)
    case imagesStayUpdated(count: Int, byRun: Int64)

    // MARK: After the run

    case journalNotPruned(message: String)
    case endUnknown(message: String)
    case hookFailed(message: String)

    /// A name for programs, the same in every release.
    public var code: String { texts.code }

    /// The warning in the words for people and JSON.
    public var words: String { texts.words }
}

extension Warning: CustomStringConvertible {
    public var description: String { words }
}
