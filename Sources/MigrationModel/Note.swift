// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics

/// What a plan or a report says of an image beside its decision or its state.
///
/// ``code`` is stable, for programs. ``words`` is for people, and may change in any release.
public enum Note: Codable, Hashable, Sendable {
    // MARK: What the source's listing finds

    /// A kernel or ramdisk that comes along, with the image that names it.
    case addedBecauseNamed(by: String)
    case noChecksum
    /// These fields of the record have a value that is not a checksum of their algorithm.
    case malformedChecksum(fields: [String])
    /// A new version of the same size is not noticed.
    case changingETag
    /// The server reports no version of the data, only its size.
    case noVersion
    /// Compressed data without a checksum of its own.
    case noInnerChecksum(format: String)
    case unseenData(reason: String)
    /// With `latest`: a later version has no list of checksums that names it yet.
    case versionBeingFilled(version: String, taken: String, reason: String)
    case emptyData
    /// Data of so many bytes, which no disk has, and no checksum says that they are right.
    case smallerThanSector(sizeBytes: Int64)
    case isoWithoutPartitions(diskFormat: String)
    case diskTooSmall(neededGiB: Int64, minDiskGiB: Int)
    case contentType(String)
    /// The image is deactivated, and the source's user is not an administrator.
    case deactivatedMayBeUnreadable
    /// The image is shared, and the source's user is neither of the project that owns it nor an
    /// administrator.
    case membersMayBeHidden(ownerID: String)

    // MARK: What the memory of a series says

    case olderVersionAccepted(version: String, newest: String)
    case otherKeyAccepted(now: String, before: String)
    case staleVersion(
        series: String, version: String?, since: Int64, staleAfterSeconds: Int64)

    // MARK: What the target changes

    case propertyLeftOut(key: String, reason: String)
    case keptIDHeld(imageID: String, status: String)
    case manyProperties(count: Int)
    case manyTags(count: Int)
    /// The copy has more than the target took in the last run.
    case tooManyProperties(count: Int, max: Int, runID: Int64)
    case tooManyTags(count: Int, max: Int, runID: Int64)
    /// Imports at the target converted so many images of this format in the last run.
    case importsConvert(images: Int, diskFormat: String, isAccepted: Bool, runID: Int64)
    /// An import may convert the data. It is uploaded then.
    case mayBeUploaded
    /// The copy is to be public, and the target's user is not an administrator.
    case publicMayBeRefused
    /// The same of a copy that is to be `community`.
    case communityMayBeRefused
    /// The same of a copy that is to be deactivated.
    case deactivationMayBeRefused
    /// The same of a copy in a project that is not the user's.
    case ownerMayBeRefused(projectID: String)
    /// The members, with their answers at the source, who have to accept the copy.
    case membersHaveToAccept([String])
    /// The members that accepted the image at the source, if the run accepts for them.
    case membersAreAccepted([String])
    /// The source does not share the image with these projects any more, and the copy stays shared.
    case membersGone([String], imageID: String)

    // MARK: What happened on the way

    case copiedAsIs(objection: String)
    /// The data is that of a version that the target has, as this image.
    case nothingNew(imageID: String)
    case keptIDGivenUp(imageID: String, reason: String)
    case converted(UploadMethod)
    case methodFailed(UploadMethod, next: UploadMethod)
    case transformed(DataDifference)
    case unverifiable(IncomparableDigests)
    case missingStores(held: [String], missing: [String], reason: String?)
    case membersWaiting([String], imageID: String)
    case notShared(projectID: String)
    /// The pipeline would give the copy other fields now than it was published with.
    case fieldsChanged(imageID: String, fields: [String])
    /// A copy that another journal published is not as this pipeline would make it.
    case otherFields(imageID: String, fields: [String])
    /// The copy was made with another `disk_format` or `container_format` than the plan wants now. No
    /// service changes that of an image with data.
    case otherFormat(imageID: String, there: String, planned: String)
    /// The copy was deactivated at the target, so only administrators can read it.
    case deactivatedAtTarget(imageID: String)
    /// Someone hid or renamed the current version of a series, so those who look for it by its name do
    /// not find it.
    case changedByHand(imageID: String, fields: [String])
    /// The journal has the id of the copy, and the target shows the copy to anyone who asks for it,
    /// but not in its list. `ownerID` is the project that it belongs to, if that is another one than
    /// planned.
    case notListed(imageID: String, ownerID: String?)
    /// A project that is not the copy's has made a record under the copy's id, with our marker.
    case idPlanted(imageID: String, ownerID: String?)
    /// The target made the copy with other fields than it was asked for: the first ones, and how many
    /// more there are.
    case changedByTarget(imageID: String, [FieldDifference], more: Int)
    /// An update leaves alone what an operator edited at the target.
    case editedAtTarget(fields: [String])
    /// Someone set these fields of the copy before it was published: they stay as they are.
    case setAtTarget(fields: [String])
    /// An image of the same name that `on_conflict: replace` was to hide has changed since.
    case notReplaced(imageID: String)
    /// A project said no to the image at the source, and is not asked again.
    case memberRejected(projectID: String)

    /// True if a plan warns of it, also before a run: the copy, or its proof, is not as people may think.
    public var isWarning: Bool {
        switch self {
        case .malformedChecksum, .otherFields, .otherFormat, .deactivatedAtTarget, .changedByHand,
            .notListed, .manyProperties, .manyTags, .versionBeingFilled, .tooManyProperties,
            .tooManyTags, .importsConvert:
            true
        default: false
        }
    }

    /// For programs: stays as it is in every release.
    public var code: String { texts.code }

    /// As plans, reports and JSON show it.
    public var words: String { texts.words }

    /// The words with a command for the copy, where they name one.
    ///
    /// - Parameters:
    ///   - targetKey: fills in the cloud if it names nothing else.
    ///   - name: that the copy is to have; nil leaves its place open.
    public func words(at targetKey: String, name: String?) -> String {
        // Of two words, the second one may be a region or a project.
        let cloud = targetKey.contains("/") ? "CLOUD" : targetKey.shellQuoted
        return words.replacing(
            "--cloud CLOUD --name NAME",
            with: "--cloud \(cloud) --name \(name?.shellQuoted ?? "NAME")")
    }
}

extension Note: CustomStringConvertible {
    public var description: String { words }
}
