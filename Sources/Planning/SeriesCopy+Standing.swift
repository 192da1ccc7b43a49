// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationJournal
internal import MigrationModel

extension SeriesCopy {
    static func isEarlier(_ one: SeriesCopy, _ other: SeriesCopy) -> Bool {
        one.order < other.order
    }

    /// The order of versions: runs follow each other, no matter what their clocks showed. Within a
    /// run, times count to the millisecond, and then the rows of the journal.
    private var order: (Int64, Int64, Int64, String) {
        let seconds = image.createdAtUnixSeconds ?? 0
        return (
            currentSinceRun ?? 0, currentSince ?? seconds.clampedProduct(1000), transfer?.id ?? 0,
            image.id
        )
    }

    var versionID: String? { image.origin?.versionID }

    func origin(_ item: PlanItem) -> Origin {
        Origin(lineageID: item.origin.lineageID, versionID: versionID ?? "")
    }

    /// True if the copy ever was the current version, or may have been. A copy that a run began to
    /// publish and that its source then no longer had never was; nor was one that waited for its
    /// name.
    var becameCurrent: Bool {
        guard let transfer else { return true }
        if changes.contains(where: \.shows) { return true }
        if waitsForItsName { return false }
        // The copy was made under the name of an earlier version.
        let hadName =
            !isUnnamed || image.name == transfer.record.shownName || changes.contains(.rename)
        return hadName && (wasDone || isSeenAsPlanned)
    }

    /// True if others see the copy as planned, no matter what this journal knows: the process died
    /// after the last step, or another process published the copy.
    private var isSeenAsPlanned: Bool {
        guard let record = transfer?.record, record.visibility != .private || record.isProtected
        else { return false }
        return image.visibility == record.visibility && image.isProtected == record.isProtected
    }

    /// True if one of the others has the same data.
    func isDouble(of others: [SeriesCopy]) -> Bool { others.contains(where: hasSameData) }

    /// Returns the number of copies with different data. A copy with the data of the current
    /// version does not count: an image that a source offered twice pushes out no version before
    /// it.
    static func countOfData(_ copies: [SeriesCopy], besides current: SeriesCopy?) -> Int {
        var counted: [SeriesCopy] = []
        for copy in copies {
            guard !(counted + [current].compactMap(\.self)).contains(where: copy.hasSameData)
            else { continue }
            counted.append(copy)
        }
        return counted.count
    }

    private func hasSameData(as other: SeriesCopy) -> Bool {
        image.sizeBytes == other.image.sizeBytes
            && image.checksums.contains { checksum in
                checksum.algorithm != .md5 && other.image.checksums.contains(checksum)
            }
    }

    /// Returns the ids of our copies that wait for the name of the series, or waited until their
    /// source no longer had them, and that no one has edited. The run that left them without the
    /// name recorded that.
    static func waitingInVain(among copies: [SeriesCopy]) -> Set<String> {
        // Some services write properties of their own into every image.
        let properties = copies.filter(\.image.isWhole).compactMap { $0.image.details?.properties }
        let common = properties.dropFirst().reduce(Set((properties.first ?? [:]).keys)) {
            $0.intersection($1.keys)
        }
        return Set(
            copies.filter {
                $0.waitsForItsName && !$0.isUnnamed && $0.wasDone && $0.isAsMade(besides: common)
            }.map(\.image.id))
    }

    /// True if the copy still is as the run made it, in every field that a listing shows.
    ///
    /// - Parameter properties: the names of properties that it may have besides.
    private func isAsMade(besides properties: Set<String>) -> Bool {
        guard let wanted = transfer?.record, let details = image.details else { return false }
        let others = Set(details.properties.keys).subtracting(wanted.properties.keys)
            .filter { $0 != Origin.propertyName && !$0.hasPrefix("os_glance") }
        return image.visibility == wanted.visibility && image.isHidden == wanted.isHidden
            && image.isProtected == wanted.isProtected
            && (image.status == .deactivated) == wanted.isDeactivated
            && details.minDiskGiB == wanted.minDiskGiB && details.minRAMMiB == wanted.minRAMMiB
            && Set(details.tags) == Set(wanted.tags)
            && wanted.properties.allSatisfy { details.properties[$0.key] == $0.value }
            && others.isSubset(of: properties)
    }

    /// True if the copy was made under the name of an earlier version, and no run ever gave it the
    /// name of the series.
    var waitsForItsName: Bool {
        guard let record = transfer?.record, record.currentName != nil else { return false }
        return image.name == record.name
            && !changes.contains { $0.shows || $0 == .rename }
    }

    /// True if others see the copy as the current version of its series.
    var isShown: Bool {
        guard let transfer, image.isWhole, becameCurrent else { return false }
        return Change.isShown(image, as: transfer.record)
    }

    /// True if a run gave the copy the name of a version that is not the current one.
    var isNamedAsEarlier: Bool {
        guard let transfer, image.name != transfer.record.shownName else { return false }
        return image.name == earlierName(transfer)
    }

    /// Returns the name of the copy while another version is the current one.
    func earlierName(_ transfer: Transfer) -> String {
        if transfer.record.currentName != nil, let name = transfer.record.name { return name }
        return EarlierName.text(
            transfer.record.name ?? transfer.source.displayName, of: transfer.source,
            madeAtUnixSeconds: image.createdAtUnixSeconds)
    }
}

/// The name of a version that is not the current one, such as `Ubuntu 24.04 (20261128 1f0c9e3a)`.
/// The SCS standards and openstack-image-manager name versions in this way.
enum EarlierName {
    /// Returns the name with the day on which the copy was made, and the version in the spelling of
    /// `tranship series history`: two versions of one day may follow each other.
    static func text(
        _ name: String, of source: SourceImage, madeAtUnixSeconds: Int64?
    ) -> String {
        let day = madeAtUnixSeconds.map {
            Date(timeIntervalSince1970: Double($0)).formatted(
                .iso8601.year().month().day().dateSeparator(.omitted))
        }
        let words = [day, ImageIdentity.versionWord(of: source)].compactMap(\.self)
        return "\(name) (\(words.joined(separator: " ")))"
    }
}
