// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import OpenStackImage
import TranshipKit

/// Prints the capabilities of a cloud, as text or as one line of JSON.
struct DoctorRendering {
    let found: CloudExamination

    // MARK: Text

    var text: [String] {
        let offer = found.offer
        var lines = [
            row("source", [Self.words(found.asSource)]),
            row("target", [Self.words(found.asTarget)]),
            row(
                "admin",
                [
                    found.needsAdmin.isEmpty
                        ? "nothing more" : "only for " + found.needsAdmin.joined(separator: "; ")
                ]),
            "",
            row("cloud", [found.cloudName, found.region.map { "region \($0)" }]),
            row("identity", [found.authURL ?? "no Keystone", found.project.userName]),
            row(
                "project",
                [found.project.projectName ?? "none", found.project.projectID]),
            row("roles", [list(found.project.roles)]),
            row("images at", [found.imageEndpoint]),
            row(
                "API",
                [found.versions.first.map { "\($0.id) (\($0.status.lowercased()))" } ?? "unknown"]),
            row("import", [list(offer.importMethods)]),
            row("stores", [list(offer.stores.map(Self.name), none: "one, without a name")]),
            row("ranges", [found.ranges.words]),
            row(
                "digests",
                [
                    list(offer.reportedAlgorithms.map(\.rawValue)),
                    found.areDigestsSeen
                        ? "as it reports of its newest image" : "assumed: no image",
                ]),
            row("disk", [list(found.diskFormats, none: "not told")]),
            row("container", [list(found.containerFormats, none: "not told")]),
            row("clock", [clock]),
        ]
        for usage in offer.quotas {
            let limit = usage.limit < 0 ? "unlimited" : "\(usage.limit)"
            lines.append(row("quota", ["\(usage.name): \(usage.used) of \(limit)"]))
        }
        if offer.quotas.isEmpty { lines.append(row("quota", ["none told"])) }
        if !found.choices.isEmpty { lines.append("method: auto") }
        for choice in found.choices {
            let fallbacks = choice.fallbacks.map(\.rawValue).joined(separator: ", ")
            lines.append(
                "  \(choice.source): \(choice.method.rawValue)"
                    + (fallbacks.isEmpty ? "" : ", then \(fallbacks)"))
            lines.append("    \(choice.reason.words)")
        }
        lines += found.weaknesses.map { "warning: \($0)" }
        lines += found.remarks.map { "note: \($0)" }
        lines += found.troubles.map { "not told: \($0)" }
        return lines
    }

    /// Returns words such as `yes: 12 images of the project, 3.4 GiB`.
    static func words(_ verdict: CloudVerdict) -> String {
        let reasons = verdict.reasons.joined(separator: "; ")
        return (verdict.isYes ? "yes" : "NO") + (reasons.isEmpty ? "" : ": \(reasons)")
    }

    private static func name(_ store: TargetOffer.Store) -> String {
        store.id + (store.isDefault ? " (default)" : "")
            + (store.isReadOnly ? " (read-only)" : "")
    }

    private var clock: String {
        guard let ahead = found.clockAheadSeconds else {
            return "cannot tell: the service sends no readable Date"
        }
        if ahead == 0 { return "as here" }
        return "\(abs(ahead)) s \(ahead > 0 ? "ahead of" : "behind") ours"
    }

    private func row(_ title: String, _ words: [String?]) -> String {
        Self.row(title, words)
    }

    static func row(_ title: String, _ words: [String?]) -> String {
        let text = words.compactMap { $0 }.joined(separator: ", ")
        return "\(title.padded(to: 10))\(text)"
    }

    private func list(_ words: [String], none: String = "none") -> String {
        words.isEmpty ? none : words.joined(separator: ", ")
    }

    // MARK: JSON

    var line: JSONLine {
        let offer = found.offer
        return JSONLine(
            "doctor",
            [
                "source": .bool(found.asSource.isYes),
                "source_reasons": strings(found.asSource.reasons),
                "target": .bool(found.asTarget.isYes),
                "target_reasons": strings(found.asTarget.reasons),
                "needs_admin": strings(found.needsAdmin),
                "images": found.stock.map { .integer(Int64($0.images)) },
                "images_bytes": found.stock.map { .integer($0.sizeBytes) },
                "cloud": .string(found.cloudName), "region": found.region.map { .string($0) },
                "auth_url": found.authURL.map { .string($0) },
                "image_endpoint": .string(found.imageEndpoint),
                "user": found.project.userName.map { .string($0) },
                "project": found.project.projectName.map { .string($0) },
                "project_id": found.project.projectID.map { .string($0) },
                "roles": strings(found.project.roles),
                "versions": strings(found.versions.map(\.id)),
                "import_methods": strings(offer.importMethods),
                "stores": .array(
                    offer.stores.map { store in
                        [
                            "id": .string(store.id), "default": .bool(store.isDefault),
                            "read_only": .bool(store.isReadOnly),
                        ]
                    }),
                "ranges": found.ranges.isThere.map { .bool($0) },
                "digests": strings(offer.reportedAlgorithms.map(\.rawValue)),
                "digests_seen": .bool(found.areDigestsSeen),
                "disk_formats": strings(found.diskFormats),
                "container_formats": strings(found.containerFormats),
                "clock_ahead_seconds": found.clockAheadSeconds.map { .integer($0) },
                "quotas": .array(
                    offer.quotas.map { usage in
                        [
                            "name": .string(usage.name), "used": .integer(usage.used),
                            "limit": usage.limit < 0 ? .null : .integer(usage.limit),
                        ]
                    }),
                "auto": .array(
                    found.choices.map { choice in
                        var members: [String: JSONValue] = [
                            "source": .string(choice.source),
                            "method": .string(choice.method.rawValue),
                            "fallbacks": strings(choice.fallbacks.map(\.rawValue)),
                            "reason": .string(choice.reason.words),
                            "reason_code": .string(choice.reason.code),
                        ]
                        members["estimates"] = choice.reason.estimatesJSON
                        return .object(members)
                    }),
                "remarks": strings(found.remarks),
                "troubles": strings(found.troubles), "weaknesses": strings(found.weaknesses),
            ])
    }

    private func strings(_ texts: [String]) -> JSONValue {
        .array(texts.map { .string($0) })
    }
}
