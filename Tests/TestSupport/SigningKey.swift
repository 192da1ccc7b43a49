// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

internal import Basics
internal import Foundation

/// The OpenPGP key of a publisher that a test plays, in a home of its own. Needs gpg.
public final class SigningKey: Sendable {
    /// The home of gpg. Its path is short, because it is part of that of the agent's socket.
    private let home: String
    private let options: String
    public let fingerprint: String

    public static let isPossible = ["gpg", "gpgv"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
    }

    /// - Parameters:
    ///   - isExpired: true for a key that was made and used in 2020, and was valid for a day.
    ///   - isOld: true for a key that was made and used in 2020, and is always valid.
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

    /// Returns a detached signature that is valid for a day. With a key of 2020, it has expired.
    public func signatureForADay(of text: [UInt8]) throws -> [UInt8] {
        try Data(text).write(to: URL(fileURLWithPath: home + "/text"))
        return try Self.run(
            "gpg \(options) --armor --default-sig-expire 1d --detach-sign --output - text", home)
    }

    /// Returns a detached signature.
    ///
    /// - Parameter digest: the digest in gpg's spelling; nil for gpg's own choice.
    public func signature(
        of text: [UInt8], isArmoured: Bool = true, digest: String? = nil
    ) throws -> [UInt8] {
        try Data(text).write(to: URL(fileURLWithPath: home + "/text"))
        let choice = digest.map { "--allow-weak-digest-algos --digest-algo \($0)" } ?? ""
        return try Self.run(
            "gpg \(options) \(choice) \(isArmoured ? "--armor" : "") --detach-sign --output - text",
            home)
    }

    /// Returns the text with its signature around it.
    public func clearSigned(_ text: [UInt8]) throws -> [UInt8] {
        try Data(text).write(to: URL(fileURLWithPath: home + "/text"))
        return try Self.run("gpg \(options) --clear-sign --output - text", home)
    }

    private static func run(_ command: String, _ folder: String) throws -> [UInt8] {
        try output(of: command, inFolder: folder)
    }
}
