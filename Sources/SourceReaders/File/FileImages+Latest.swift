// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation
internal import MigrationModel
internal import MigrationPipeline
internal import PipelineFiles

/// `latest`: finds the file with the highest version in a folder. Versions come from the names in
/// the folder. A version that the list of checksums does not contain yet is skipped, with a note.
extension FileImages {
    func newest(
        _ pattern: VersionPattern, _ listing: Listing
    ) async throws(TranshipError) -> ListedImage {
        let folder = source.folder(baseDirectory: baseDirectory)
        var listed: ListedImage
        var read: PublishedList.Read?
        do throws(TranshipError) {
            (listed, read) = try await filled(try versions(pattern, in: folder), listing.date)
        } catch {
            if error.code == .interrupted { throw error }
            listed = self.listed(
                folder + pattern.text, nil, checksum: nil, listing.date, refusal: error)
        }
        listed.image.placeTemplate =
            FileSource.key(folder + pattern.filled(with: SourceImage.versionMark))
        listed.upstream = UpstreamRules(
            allowsDowngrade: source.allowsDowngrade, staleAfterSeconds: source.staleAfterSeconds,
            keyring: source.signature?.keyring, keyringDigest: read?.keyring,
            signers: read?.signers ?? [])
        return listed
    }

    /// Returns the image of the newest version in the list of checksums, by the rules of
    /// ``URLImage``.
    private func filled(
        _ versions: [(path: String, version: String)], _ date: String
    ) async throws(TranshipError) -> (ListedImage, PublishedList.Read?) {
        let hasOneList = source.checksumFile?.contains(VersionPattern.mark) != true
        var promise: Promise?
        var first: (image: ListedImage, read: PublishedList.Read?, version: String)?
        for (path, version) in versions {
            if promise == nil || !hasOneList { promise = try await self.promise(version) }
            let read = try? promise?.list?.read.get()
            var listed = image(path, date, promise ?? Promise(), version: version)
            let isBeingFilled = listed.refusal.map { refusal in
                refusal.saysStillFilled || (refusal.code == .notFound && !hasOneList)
            }
            if isBeingFilled == true {
                first = first ?? (listed, read, version)
                continue
            }
            guard let newest = first else { return (listed, read) }
            guard listed.refusal == nil else { break }
            listed.notes.append(
                .versionBeingFilled(
                    version: newest.version, taken: version,
                    reason: newest.image.refusal?.message ?? ""))
            return (listed, read)
        }
        guard let first else {
            throw TranshipError(.sourceUnavailable, "\(source.pattern) has no version")
        }
        return (first.image, first.read)
    }

    /// Returns the paths and versions of the newest files, newest first.
    private func versions(
        _ pattern: VersionPattern, in folder: String
    ) throws(TranshipError) -> [(path: String, version: String)] {
        let (inner, own, rest) = pattern.parts
        let place = folder + inner
        let listed: FilePath.Names
        do throws(TranshipError) {
            listed = try FilePath.names(in: place)
        } catch {
            throw error.whileDoing("\(source.position)").hinting(
                "set `file` to the folder of `latest`; a relative one starts at the folder of the "
                    + "pipeline file, \(baseDirectory)")
        }
        // That file may be the newest one.
        if let name = listed.notUTF8.first(where: { own.version(in: $0) != nil }) {
            throw TranshipError(
                .sourceUnavailable,
                "\(source.position): the name of \(place)\(name) is not UTF-8",
                hint: "rename it: no path leads to it")
        }
        let names = listed.all
        // The rest of the path must exist, too, because the folder may still be filled.
        let whole = names.filter { name in
            guard let version = own.version(in: name), !rest.isEmpty else { return true }
            return FileManager.default.fileExists(
                atPath: place + name + VersionPattern.fill(rest, with: version))
        }
        let versions = try URLImage.versions(
            own, among: whole, at: place,
            emptyHint: "copy the files there, or correct `file`")
        return versions.map { one in
            let name = one.name ?? ""
            return (
                place + name + VersionPattern.fill(rest, with: one.version), one.version
            )
        }
    }

    /// The value of `{stem}` in the series' name; nil without `latest`.
    var stemOfVersions: String? {
        source.latest.map {
            source.decompress.name(FileName($0.filled(with: "{version}"))).stem
        }
    }
}
