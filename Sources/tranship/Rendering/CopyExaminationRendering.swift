// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import MigrationModel
import OpenStackImage
import TranshipKit

/// Prints the findings about a copy between two clouds, as text or as one line of JSON.
struct CopyExaminationRendering {
    let found: CopyExamination

    var text: [String] {
        let stock = found.source.stock
        let fallbacks = found.fallbacks.map(\.rawValue).joined(separator: ", ")
        var lines = [
            row("copy", DoctorRendering.words(found.verdict)),
            row("from", end(found.source)),
            row("to", end(found.target)),
            row("images", stock?.words ?? "not listed"),
            row(
                "method",
                found.method.rawValue + (fallbacks.isEmpty ? "" : ", then \(fallbacks)") + ": "
                    + found.methodReason.words),
            row("formats", formats),
        ]
        lines += found.target.offer.quotas.map { usage in
            row(
                "quota",
                "\(usage.name): \(usage.used) of "
                    + (usage.limit < 0 ? "unlimited" : "\(usage.limit)") + " used")
        }
        if found.target.offer.quotas.isEmpty {
            lines.append(row("quota", "the target reports none"))
        }
        let admin = found.target.needsAdmin
        lines.append(
            row(
                "admin",
                admin.isEmpty ? "nothing more" : "only for " + admin.joined(separator: "; ")))
        for cloud in [found.source, found.target] {
            lines +=
                (cloud.weaknesses.map { "warning: \($0)" } + cloud.remarks.map { "note: \($0)" })
        }
        return lines
    }

    /// The row with the next command; nil if the copy is impossible, or has nothing to do.
    var next: String? {
        guard found.verdict.isYes, found.source.stock?.images != 0 else { return nil }
        let words = [found.places.source, found.places.target].map(\.shellQuoted)
        return row("next", "tranship copy \(words.joined(separator: " ")) --dry-run")
    }

    private func row(_ title: String, _ words: String) -> String {
        DoctorRendering.row(title, [words])
    }

    private func end(_ cloud: CloudExamination) -> String {
        [
            cloud.cloudName, cloud.region, cloud.project.projectName.map { "project \($0)" },
            cloud.project.userName.map { "user \($0)" },
            cloud.project.roles.isEmpty
                ? nil : "roles " + cloud.project.roles.joined(separator: " and "),
        ].compactMap(\.self).joined(separator: ", ")
    }

    private var formats: String {
        let found = (found.source.stock?.diskFormats ?? [:]).sorted { $0.key < $1.key }
            .map { "\($0.key) \($0.value)" }
        let refused = self.found.refusedFormats
        return (found.isEmpty ? "no image" : found.joined(separator: ", "))
            + (refused.isEmpty
                ? "; the target takes them"
                : "; the target does not take \(refused.joined(separator: ", "))")
    }

    var line: JSONLine {
        JSONLine(
            "doctor-copy",
            [
                "source": .string(found.source.cloudName),
                "target": .string(found.target.cloudName),
                "possible": .bool(found.verdict.isYes),
                "reasons": strings(found.verdict.reasons),
                "images": found.source.stock.map { .integer(Int64($0.images)) },
                "images_bytes": found.source.stock.map { .integer($0.sizeBytes) },
                "disk_formats": found.source.stock.map { stock in
                    .object(stock.diskFormats.mapValues { .integer(Int64($0)) })
                },
                "refused_formats": strings(found.refusedFormats),
                "method": .string(found.method.rawValue),
                "fallbacks": strings(found.fallbacks.map(\.rawValue)),
                "method_reason": .string(found.methodReason.words),
                "method_reason_code": .string(found.methodReason.code),
                "estimates": found.methodReason.estimatesJSON,
                "shortfalls": strings(found.shortfalls),
                "needs_admin": strings(found.target.needsAdmin),
            ])
    }

    private func strings(_ texts: [String]) -> JSONValue {
        .array(texts.map { .string($0) })
    }
}
