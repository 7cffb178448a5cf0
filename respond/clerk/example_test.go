package clerk_test

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/clerk/clerktest"
)

// A key works until it is deleted in Clerk's dashboard. The stand-in answers as Clerk does.
func Example() {
	key := detect.NewSecret(detecttest.Key(1, detect.Live))
	standIn := clerktest.New(time.Now)
	defer standIn.Close()
	standIn.Add(key, "ins_2abc", detect.Live)

	client, err := clerk.New(clerk.Options{URL: standIn.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	answer, err := client.Ask(context.Background(), key)
	fmt.Println(answer.State, answer.InstanceID, err)

	standIn.Delete(key)
	answer, err = client.Ask(context.Background(), key)
	fmt.Println(answer.State, err)
	// Output:
	// alive ins_2abc <nil>
	// revoked <nil>
}
