package registry

// Options shape a Registry.
type Options struct {
	// User and Password, if set, are wanted for everything.
	User, Password string
	// Bearer asks for a token from /token of this server instead of Basic.
	Bearer bool
	// RealmURL names another token server in the challenge.
	RealmURL string
	// TwoStepUploads answers POST ?digest= by opening an upload, as
	// distribution does, instead of taking the blob.
	TwoStepUploads bool
	// NoRanges ignores Range headers on blobs.
	NoRanges bool
	// PageSize is the most tags per page, if the client asks for no fewer.
	PageSize int

	// What follows is what known registries do each in its way; see Profile.

	// Service names the registry to its token server; empty means test.
	Service string
	// RefreshToken is wanted by POST to the token server; empty means the password.
	RefreshToken string
	// OneScope grants the first scope alone that a token is asked for.
	OneScope bool
	// TokenUses is for how many requests a token lives; 0 means for ever.
	TokenUses int
	// Anonymous gives tokens for pulling to anybody.
	Anonymous bool
	// Owner is what repositories that may be written begin with.
	Owner string
	// Created lists the repositories there can be; nil means that a push makes them.
	Created []string
	// MaxBody is the most bytes in one request to an upload; 0 means any.
	MaxBody int64
	// LastPieceOnly forgets the pieces of an upload but the last, and says that all is well.
	LastPieceOnly bool
	// StatefulUploads wants the query of an upload's Location back.
	StatefulUploads bool
	// NoMounts opens an upload where a mount is asked for.
	NoMounts bool
	// ImmutableTags is the status that refuses to move a tag; 0 moves it.
	ImmutableTags int
	// PullLimit is how many manifests may be pulled; 0 means any number.
	PullLimit int
	// BlobsAt ("https://host") is where blobs are fetched from.
	BlobsAt string
}
