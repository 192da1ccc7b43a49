// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation

/// An OpenPGP key of a publisher that a test plays, in a home of its own. Needs gpg.
public final class SigningKey: Sendable {
    /// Short, because the agent's socket is in it.
    private let home: String
    private let options: String
    public let fingerprint: String

    public static let isPossible = ["gpg", "gpgv"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
    }

    /// - Parameters:
    ///   - isExpired: made and used in 2020, and valid for a day then.
    ///   - isOld: made and used in 2020, and valid for ever.
    public init(isExpired: Bool = false, isOld: Bool = false) throws {
        home = "/tmp/tk-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(
            atPath: home, withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700])
        options =
            "--homedir \(home) --batch --yes --quiet --pinentry-mode loopback --passphrase ''"
            + (isExpired || isOld ? " --faked-system-time 20200101T000000!" : "")
        _ = try Self.run(
            "gpg \(options) --quick-gen-key 'Mirror <mirror@example.org>' ed25519 sign "
                + (isExpired ? "1d" : "never"), home)
        let listing = try Self.run("gpg \(options) --with-colons --fingerprint", home)
        let line = String(decoding: listing, as: UTF8.self).split(separator: "\n")
            .first { $0.hasPrefix("fpr:") }
        fingerprint = line?.split(separator: ":").last.map(String.init) ?? ""
    }

    deinit {
        _ = try? Self.run("gpgconf --homedir \(home) --kill gpg-agent", home)
        try? FileManager.default.removeItem(atPath: home)
    }

    public func publicKey(isArmoured: Bool = false) throws -> [UInt8] {
        try Self.run("gpg \(options) \(isArmoured ? "--armor" : "") --export", home)
    }

    public func secretKey(isArmoured: Bool = false) throws -> [UInt8] {
        try Self.run("gpg \(options) \(isArmoured ? "--armor" : "") --export-secret-keys", home)
    }

    /// A signature beside the text that is valid for a day. Of a key of 2020, it has expired.
    public func signatureForADay(of text: [UInt8]) throws -> [UInt8] {
        try Data(text).write(to: URL(fileURLWithPath: home + "/text"))
        return try Self.run(
            "gpg \(options) --armor --default-sig-expire 1d --detach-sign --output - text", home)
    }

    /// A signature beside the text.
    ///
    /// - Parameter digest: as gpg calls it; nil is gpg's own choice.
    public func signature(
        of text: [UInt8], isArmoured: Bool = true, digest: String? = nil
    ) throws -> [UInt8] {
        try Data(text).write(to: URL(fileURLWithPath: home + "/text"))
        let choice = digest.map { "--allow-weak-digest-algos --digest-algo \($0)" } ?? ""
        return try Self.run(
            "gpg \(options) \(choice) \(isArmoured ? "--armor" : "") --detach-sign --output - text",
            home)
    }

    /// The text with its signature around it.
    public func clearSigned(_ text: [UInt8]) throws -> [UInt8] {
        try Data(text).write(to: URL(fileURLWithPath: home + "/text"))
        return try Self.run("gpg \(options) --clear-sign --output - text", home)
    }

    private static func run(_ command: String, _ folder: String) throws -> [UInt8] {
        try output(of: command, inFolder: folder)
    }
}
