// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics
internal import Foundation
internal import ImageUploaders
internal import MigrationModel
internal import OpenStackImage
internal import PipelineFiles
internal import Planning

/// A pipeline file to start from: it has all parts, and comments show further keys and what the
/// clouds have.
public struct PipelineDraft: Sendable {
    public let text: String
    /// The path to write the draft to; `-` for standard output.
    public let path: String
    /// The reasons why clouds could not be asked, one line for each.
    public let troubles: [String]

    private static let examplesMax = 10

    /// Writes a draft. Asks the clouds that it names; a cloud that does not answer only adds a line
    /// to ``troubles``.
    ///
    /// - Parameters:
    ///   - source: a source as for a copy; nil takes the first cloud of clouds.yaml, or an address
    ///     if there is only one cloud.
    ///   - target: a target as for a copy; nil takes the first cloud with another Image service
    ///     than the source.
    ///   - path: the file that the commands in its comments name; nil is a file named after source
    ///     and target, and `-` stands for no file.
    /// - Throws: ``TranshipError/Code/usage`` as ``CopyOrder``; ``TranshipError/Code/unknownCloud``
    ///   if no cloud is configured.
    public static func write(
        source: String?, target: String?, path: String? = nil, command: String,
        environment: [String: String]
    ) async throws(TranshipError) -> PipelineDraft {
        let known = try KnownClouds(environment: environment)
        guard let first = known.names.first else {
            throw TranshipError(.unknownCloud, "no cloud is configured", hint: known.hint(""))
        }
        let isAlone = known.names.count == 1
        let origin =
            source ?? (isAlone ? "https://mirror.example/noble-server-cloudimg-amd64.img" : first)
        let order = try CopyOrder(
            source: origin,
            target: target ?? (isAlone ? first : known.other(than: first, environment)),
            known: known, folder: FileManager.default.currentDirectoryPath)
        try order.refuseAddress()
        var troubles: [String] = []
        var there: [String] = []
        if case .cloud(let cloud) = order.source {
            do {
                there = try await images(of: cloud, environment)
            } catch {
                troubles.append("cloud \(cloud.words): \(error.message)")
            }
        }
        var offered: [String] = []
        if case .cloud(let cloud) = order.target {
            do {
                offered = try await offer(of: cloud, environment)
            } catch {
                troubles.append("cloud \(cloud.words): \(error.message)")
            }
        }
        let file = path ?? "\(order.draftName).yaml"
        return PipelineDraft(
            text: order.draft(
                path: file, command: command, clouds: known.names, images: there, offer: offered),
            path: file, troubles: troubles)
    }

    /// Returns the newest images of the project, one line for each.
    private static func images(
        of cloud: CopyOrder.CloudPlace, _ environment: [String: String]
    ) async throws(TranshipError) -> [String] {
        let session = try CloudSession.named(
            cloud.name, region: cloud.region, environment: environment)
        let project = try await session.authenticate().projectID
        var (lines, count): ([String], Int) = ([], 0)
        let isLegacy = try await LegacyImageService.isNeeded(by: session)
        try await OwnImage.each(of: session, isLegacy: isLegacy, project: project) { image in
            count += 1
            guard lines.count < examplesMax else { return true }
            let size = image.sizeBytes.map { ByteCount.format($0) } ?? "no data"
            lines.append("\(YAMLScalar.text(image.name))  \(size)")
            return true
        }
        let more = count - lines.count
        let list = "tranship \(isLegacy ? "v1" : "image") list \(cloud.options)"
        if more > 0 { lines.append("and \(more) more: \(list)") }
        return ["\(count) now:"] + lines
    }

    /// Returns the methods and stores that the target offers, one line for each kind.
    private static func offer(
        of cloud: CopyOrder.CloudPlace, _ environment: [String: String]
    ) async throws(TranshipError) -> [String] {
        let session = try CloudSession.named(
            cloud.name, region: cloud.region, environment: environment)
        _ = try await session.authenticate()
        let offer = try await TargetOffer.look(ImageService(session))
        let methods = (["upload"] + offer.importMethods).joined(separator: ", ")
        let stores = offer.writableStores.joined(separator: ", ")
        return ["It has: \(methods)"] + (stores.isEmpty ? [] : ["Stores: \(stores)"])
    }
}

extension CopyOrder {
    /// - Throws: ``TranshipError/Code/invalidPipeline`` if no pipeline file may contain the address
    ///   of the source, such as one with a password.
    fileprivate func refuseAddress() throws(TranshipError) {
        guard case .url = source else { return }
        do throws(TranshipError) {
            _ = try Pipeline.parse(
                text: pipeline(writtenBy: ""), file: Run.copyFile, environment: [:])
        } catch {
            // Remove the file and line from the message: that file does not exist.
            let words = error.message.replacing(#/^[^\n]*?:\d+:\d+: /#, with: "")
            throw TranshipError(error.code, words, hint: error.hint)
        }
    }

    fileprivate var draftName: String {
        let words = "\(source.shortWords)-to-\(target.shortWords)".map { letter in
            letter.isASCII && (letter.isLetter || letter.isNumber) ? letter : "-"
        }
        let name = String(words.prefix(80)).trimmingCharacters(in: ["-"])
        return name.isEmpty ? "pipeline" : name
    }

    fileprivate func draft(
        path: String, command: String, clouds: [String], images: [String], offer: [String]
    ) -> String {
        let file = path == "-" ? "FILE" : path.shellQuoted
        let comment = { (lines: [String], margin: Int) in
            lines.map { "\(String(repeating: " ", count: margin))# \($0.withControlsShown)" }
        }
        var lines = comment(
            [
                "Written by: \(command)", "",
                "shows what would happen, and changes nothing:  tranship plan \(file)",
                "does it; after an interruption, run it again:  tranship run \(file)",
                "explains every key:                            tranship help pipeline", "",
                "Clouds of clouds.yaml: \(clouds.joined(separator: ", "))",
            ], 0)
        lines += [
            "version: 1", "# The journal has the same name.", "name: \(draftName)", "", "sources:",
        ]
        lines += sourceLines
        switch source {
        case .cloud, .archive:
            lines += comment(images + Self.cloudHelp, 4)
        case .files, .url:
            lines += comment(Self.dataHelp, 4)
        }
        lines += ["", "targets:"] + targetLines + comment(offer + targetHelp, 4)
        lines += [""] + comment(Self.limitsHelp, 0)
        return lines.map { $0.hasSuffix("# ") ? String($0.dropLast()) : $0 }
            .joined(separator: "\n") + "\n"
    }

    private static let cloudHelp = [
        "images:", "  name: [\"ubuntu-*\", debian-12]", "  tags: [prod]",
        "  properties: { os_distro: ubuntu }", "  owner: any", "exclude: { name: \"*-test\" }",
    ]

    private static let dataHelp = [
        "checksum: sha256:…", "checksum_file: https://mirror.example/SHA256SUMS",
        "image: { name: \"Ubuntu 24.04\", properties: { os_distro: ubuntu } }",
    ]

    /// Some keys with their defaults, and examples of other keys.
    private var targetHelp: [String] {
        let both = [
            "image: { visibility: private, tags: { add: [mirrored] } }",
            "on_conflict: \((hasRecords ? OnConflict.keepBoth : .fail).rawValue)",
        ]
        guard case .cloud = target else { return both }
        return ["method: auto"] + both
    }

    private static let limitsHelp = ["limits: { images: 4, bandwidth: 100MiB/s }"]
}
