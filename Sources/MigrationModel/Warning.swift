// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// What someone should know of a run as a whole: before it works, while it plans, or when it has ended.
///
/// ``code`` is stable, for programs. ``words`` is for people, and may change in any release.
public enum Warning: Hashable, Sendable {
    // MARK: The pipeline and its clouds

    /// What clouds.yaml says without effect, as the entry's own sentence.
    case cloudsFile(String)
    /// The way to a cloud is not protected, as a sentence.
    case weakConnection(String)
    /// `auth` and `headers` of the entry at this place can be read on their way to a URL.
    case secretsWithoutTLS(place: String, url: String)
    /// A cloud does not say whether it has these projects of the pipeline, of which the first are named.
    case projectsUnchecked(cloud: String, ids: [String], count: Int)
    case sourceIsTarget(place: String, cloud: String, targetKey: String)
    /// Keys of a target that are about earlier versions, and its sources have none.
    case rulesWithoutEffect(place: String, keys: [String], target: String)
    /// The message says which program of a hook is not there.
    case hookProgramMissing(message: String)
    /// This process may not open the files that `limits.images` needs.
    case fewOpenFiles(imagesWanted: Int, filesNeeded: Int, filesMax: Int, images: Int)

    // MARK: The journal and earlier runs

    /// Another pipeline file has the same name.
    case journalShared(file: String, other: String, name: String, journalPath: String)
    case pipelineFileGone(file: String)
    /// A journal that may have an interrupted run, and cannot be read.
    case journalPassedOver(message: String)
    /// The first edits since a run began, and how many there are.
    case pipelineEdited(sinceRun: Int64, edits: [String], count: Int)
    case laterRunFailed(Int64, interrupted: Int64)
    /// One difference, as a line.
    case savedPlanDiffers(String)
    /// Unfinished records at a target that the pipeline does not name any more.
    case targetNotNamed(targetKey: String, imageIDs: [String], count: Int)

    // MARK: What the plan finds

    case absent(Absence)
    case missed(MissedSelection)
    case notSelected(imageID: String, reason: String)
    /// What the plan says of a single image, or of a series.
    case note(Note)
    /// What the plan says of several images, and perhaps of one target. It has the words of the first
    /// image.
    case noted(code: String, targetKey: String?, FirstNames, words: String)
    /// More of these than are listed.
    case moreNoted(code: String, count: Int)
    /// `on_conflict: skip` leaves images out.
    case leftOut(targetKey: String, FirstNames)
    /// A name without placeholders that the plan gives several images of a target.
    case nameShared(place: String?, name: String, count: Int)
    /// Versions stay active beside new ones of the same name. A rule reaches those that the journal
    /// knows.
    case earlierVersionsStay(targetKey: String, FirstNames, areKnown: Bool)
    /// Records of versions that no run finished, and that their source has left. No later run needs
    /// them, and no rule reaches them.
    case unfinishedVersionsStay(targetKey: String, FirstNames)
    /// An index does not have a product any more.
    case productGone(series: String, place: String?)
    case manyMembers(image: String, targetKey: String, count: Int)
    /// The message says which quota has no room for the plan.
    case noQuota(message: String)

    // MARK: What a rollback leaves

    case othersWereThere(images: Int, beforeRun: Int64)
    case versionsStayChanged(count: Int, byRun: Int64)
    case imagesStayUpdated(count: Int, byRun: Int64)

    // MARK: After the run

    case journalNotPruned(message: String)
    case endUnknown(message: String)
    case hookFailed(message: String)

    /// For programs: stays as it is in every release.
    public var code: String { texts.code }

    /// As people and JSON get it.
    public var words: String { texts.words }
}

extension Warning: CustomStringConvertible {
    public var description: String { words }
}
