// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// A remark of a plan or a report about an image, beside its decision or its state.
///
/// ``code`` is stable, for programs. ``words`` is for people, and may change in any release.
public enum Note: Codable, Hashable, Sendable {
    // MARK: Findings of the source's listing

    /// This kernel or ramdisk is copied too, because the image `by` names it.
    case addedBecauseNamed(by: String)
    case noChecksum
    /// These fields of the record have a value that is not a checksum of their algorithm.
    case malformedChecksum(fields: [String])
    /// The ETag changes with every answer, so a new version of the same size is not noticed.
    case changingETag
    /// The server reports no version of the data, only its size.
    case noVersion
    /// Nothing declares the length of the data, and it comes without TLS, so data that is cut off
    /// on the way looks complete.
    case noLength
    /// The compressed data has no checksum of its own.
    case noInnerChecksum(format: String)
    case unseenData(reason: String)
    /// With `latest`: a later version has no list of checksums that names it yet.
    case versionBeingFilled(version: String, taken: String, reason: String)
    case emptyData
    /// The data is smaller than any disk, and no checksum proves that it is right.
    case smallerThanSector(sizeBytes: Int64)
    case isoWithoutPartitions(diskFormat: String)
    case diskTooSmall(neededGiB: Int64, minDiskGiB: Int)
    case contentType(String)
    /// The image is deactivated, and the source's user is not an administrator.
    case deactivatedMayBeUnreadable
    /// The image is shared, and the source's user is neither in the project that owns it nor an
    /// administrator.
    case membersMayBeHidden(ownerID: String)

    // MARK: Findings in the memory of a series

    case olderVersionAccepted(version: String, newest: String)
    case otherKeyAccepted(now: String, before: String)
    case staleVersion(
        series: String, version: String?, since: Int64, staleAfterSeconds: Int64)

    /// The source had another address or path when this image was copied. Only the data shows
    /// whether it is another version.
    case sourceMoved(imageID: String, from: String)

    // MARK: Differences at the target

    case propertyLeftOut(key: String, reason: String)
    case keptIDHeld(imageID: String, status: String)
    case manyProperties(count: Int)
    case manyTags(count: Int)
    /// The copy has more properties than the target took in the last run.
    case tooManyProperties(count: Int, max: Int, runID: Int64)
    case tooManyTags(count: Int, max: Int, runID: Int64)
    /// Imports at the target converted this number of images of this format in the last run.
    case importsConvert(images: Int, diskFormat: String, isAccepted: Bool, runID: Int64)
    /// If the target's imports convert the data, the data is uploaded instead.
    case mayBeUploaded
    /// The copy should become public, and the target's user is not an administrator.
    case publicMayBeRefused
    /// The copy should get the visibility `community`, and the user is not an administrator.
    case communityMayBeRefused
    /// The copy should be deactivated, and the user is not an administrator.
    case deactivationMayBeRefused
    /// The copy should belong to another project, and the user is not an administrator.
    case ownerMayBeRefused(projectID: String)
    /// The members, with their answers at the source, who have to accept the copy.
    case membersHaveToAccept([String])
    /// The members that accepted the image at the source, if the run accepts for them.
    case membersAreAccepted([String])
    /// The source does not share the image with these projects any more, and the copy stays shared.
    case membersGone([String], imageID: String)
    /// An earlier run did not share the copy with these members of the source, because no table
    /// says which projects they are at the target.
    case membersLeftOut([String], imageID: String)

    // MARK: Events and results of the transfer

    case copiedAsIs(objection: String)
    /// The target already has a version with this data: this image.
    case nothingNew(imageID: String)
    case keptIDGivenUp(imageID: String, reason: String)
    case converted(UploadMethod)
    case methodFailed(UploadMethod, next: UploadMethod)
    case transformed(DataDifference)
    case unverifiable(IncomparableDigests)
    case missingStores(held: [String], missing: [String], reason: String?)
    case membersWaiting([String], imageID: String)
    case notShared(projectID: String)
    /// The copy was published with other fields than the pipeline would give it now.
    case fieldsChanged(imageID: String, fields: [String])
    /// A copy that another journal published is not as this pipeline would make it.
    case otherFields(imageID: String, fields: [String])
    /// The copy was made with another `disk_format` or `container_format` than the plan wants now.
    /// No service changes the formats of an image with data.
    case otherFormat(imageID: String, there: String, planned: String)
    /// The copy was deactivated at the target, so only administrators can read it.
    case deactivatedAtTarget(imageID: String)
    /// Someone hid or renamed the current version of a series, so its users do not find it by its
    /// name.
    case changedByHand(imageID: String, fields: [String])
    /// The target shows the copy by the id in the journal, but does not list it. `ownerID` is the
    /// project that the copy belongs to, if that is not the planned one.
    case notListed(imageID: String, ownerID: String?)
    /// Another project has made a record under the copy's id, with our marker.
    case idPlanted(imageID: String, ownerID: String?)
    /// The target made the copy with other fields than were requested. Has the first differences,
    /// and the number of further ones.
    case changedByTarget(imageID: String, [FieldDifference], more: Int)
    /// Someone edited these fields of a copy that needs no update. They stay as they are.
    case editedCopy(imageID: String, fields: [String])
    /// An update leaves these fields alone, because they were edited at the target.
    case editedAtTarget(fields: [String])
    /// Someone set these fields of the copy before it was published: they stay as they are.
    case setAtTarget(fields: [String])
    /// `on_conflict: replace` did not hide this image of the same name, because it has changed
    /// since the plan.
    case notReplaced(imageID: String)
    /// `on_conflict: replace` hides these images of the same name, once the copy is published.
    case hides(imageIDs: [String])
    /// `on_conflict: replace` has hidden this image of the same name.
    case hidden(imageID: String)
    /// A project rejected the image at the source, so the copy is not shared with it.
    case memberRejected(projectID: String)

    /// True if a plan warns of it, also before a run, because the copy or its proof may not be as
    /// people expect.
    public var isWarning: Bool {
        switch self {
        case .malformedChecksum, .otherFields, .otherFormat, .deactivatedAtTarget, .changedByHand,
            .notListed, .manyProperties, .manyTags, .versionBeingFilled, .tooManyProperties,
            .tooManyTags, .importsConvert, .noLength, .editedCopy:
            true
        default: false
        }
    }

    /// A name for programs, the same in every release.
    public var code: String { texts.code }

    /// The note in the words of plans, reports and JSON.
    public var words: String { texts.words }

    /// Returns the words. If they contain a command, fills in its cloud and name.
    ///
    /// - Parameters:
    ///   - targetKey: the cloud for the command; ignored if it names more than a cloud.
    ///   - name: the name that the copy should get; with nil, the command keeps `NAME`.
    public func words(at targetKey: String, name: String?) -> String {
        // The part after a slash may be a region or a project.
        let cloud = targetKey.contains("/") ? "CLOUD" : targetKey.shellQuoted
        return words.replacing(
            "--cloud CLOUD --name NAME",
            with: "--cloud \(cloud) --name \(name?.shellQuoted ?? "NAME")")
    }
}

extension Note: CustomStringConvertible {
    public var description: String { words }
}
