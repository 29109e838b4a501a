"""Vocabulary of user interfaces, written for this project."""

import re

_UI_TERMS = """
    Save|Save as|Save draft|Save changes|Cancel|Close|Open|Open file|New|New file|New project
    |Delete|Remove|Edit|Copy|Cut|Paste|Undo|Redo|Find|Find next|Replace|Search|Search results
    |Filter|Filters|Sort by|Settings|Preferences|Options|Account|Account settings|Profile
    |Edit profile|Sign in|Sign up|Sign out|Log in|Log out|Register|Create account
    |Forgot password?|Reset password|Remember me|Username|User name|Password|Confirm password
    |Email|E-mail address|Phone number|First name|Last name|Full name|Address|Street|City
    |State|Country|Zip code|Postal code|Date of birth|Gender|Company|Job title|Website|Submit
    |Send|Send message|Reply|Reply all|Forward|Inbox|Sent|Drafts|Spam|Trash|Archive|Archived
    |Starred|Important|Snoozed|Unread|Mark as read|Compose|Attachments|Next|Previous|Back
    |Continue|Finish|Skip|Done|OK|Yes|No|Apply|Reset|Clear|Clear all|Select all|Select none
    |Add|Add to cart|Add item|Add user|Add comment|Buy now|Checkout|Proceed to checkout
    |Your cart|Total|Subtotal|Shipping|Tax|Discount|Coupon code|Quantity|Price|Order|Orders
    |Order history|Payment|Payment method|Card number|Expiry date|CVV|Billing address
    |Shipping address|Invoice|Invoices|Download|Download PDF|Upload|Upload file|Choose file
    |Drag and drop files here|Browse|Import|Export|Export CSV|Print|Print preview|Share
    |Share link|Copy link|Invite|Invite members|Members|Team|Teams|Users|Roles|Permissions
    |Admin|Owner|Editor|Viewer|Guest|Dashboard|Overview|Home|About|About us|Contact|Contact us
    |Help|Help center|Support|FAQ|Documentation|Docs|Blog|News|Events|Calendar|Today|Yesterday
    |Tomorrow|This week|Last month|Week|Month|Year|Day|Agenda|Schedule|Meeting|Tasks|To do
    |In progress|Completed|Pending|Approved|Rejected|Active|Inactive|Enabled|Disabled|Online
    |Offline|Status|Type|Name|Title|Description|Notes|Comments|Tags|Category|Categories
    |Priority|High|Medium|Low|Critical|Assignee|Reporter|Created|Updated|Due date|Start date
    |End date|Time zone|Language|Currency|Theme|Dark mode|Light mode|Appearance|Notifications
    |Enable notifications|Email notifications|Privacy|Privacy policy|Security
    |Two-factor authentication|Terms of service|I agree to the terms|Cookies|Accept all
    |Decline|Learn more|Read more|Show more|Show less|View all|View details|View report
    |Details|Preview|Refresh|Reload|Sync|Loading...|Retry|Try again|Error|Warning|Success
    |Information|Something went wrong|No results found|Page not found|Access denied|Reports
    |Analytics|Statistics|Charts|Graphs|Tables|Forms|Buttons|Icons|Typography|Colors|Layout
    |Layouts|Widgets|Components|Elements|Pages|Menu|Menus|Sidebar|Toolbar|Navigation|Header
    |Footer|Content|Panel|Tabs|Cards|Modal|Dialog|Tooltip|Dropdown|Accordion|Carousel
    |Pagination|Breadcrumb|Badge|Alert|Progress|Slider|Switch|Checkbox|Radio|Input|Textarea
    |Select|Label|Placeholder|Primary|Secondary|Danger|Link|Small|Large|Default|Custom|Revenue
    |Sales|Customers|Products|Product name|Stock|In stock|Out of stock|Visitors|Page views
    |Bounce rate|Conversion rate|Traffic|Sessions|Clicks|Impressions|Growth|Earnings|Expenses
    |Profit|Balance|Budget|Transactions|Projects|Project name|Issues|Pull requests|Commits
    |Branches|Releases|Code|Wiki|Insights|Actions|Fork|Star|Watch|File|View|Insert|Format
    |Tools|Window|Extensions|Terminal|Run|Debug|Build|Deploy|Test|Stop|Start|Pause|Resume|Play
    |Record|Mute|Volume|Full screen|Zoom in|Zoom out|Rotate|Crop|Resize|Undo changes
    |Version history|Rename|Duplicate|Move|Move to|New folder|Properties|Size|Modified
    |Owner name|Location|Storage|Used|Available|Free|Upgrade|Upgrade plan|Subscription
    |Subscribe|Unsubscribe|Plan|Free trial|Per month|Pro|Enterprise|Basic|Premium|Messages
    |Chat|Channels|Direct messages|Friends|Followers|Following|Likes|Posts|Timeline|Feed
    |Stories|Photos|Videos|Music|Albums|Playlists|Library|Favorites|Bookmarks|History
    |Downloads|Recent|Popular|Trending|Featured|Recommended|New arrivals|Best sellers
    |Top rated|Reviews|Write a review|Rating|Compare|Wishlist|Gift cards|Flights|Hotels
    |Departure|Arrival|Round trip|One way|Passengers|Adults|Children|Check in|Check out
    |Book now|Rooms|Guests|Map|Directions|Nearby|Distance|Duration|Weather|Temperature
    |Humidity|Wind|Forecast|Patients|Doctors|Appointments|Prescriptions|Courses|Lessons
    |Students|Teachers|Grades|Assignments|Quiz|Certificate|Connect|Disconnect|Devices|Network
    |Wi-Fi|Bluetooth|Battery|Display|Sound|Keyboard|Mouse|Printers|Updates|Install|Uninstall
    |Restart|Shut down|Sleep|Lock screen|System|Applications|Processes|Memory|Disk|Performance
    |Services|Logs|API keys|Webhooks|Integrations|Workspace|Organization|Domains|Databases
    |Queries|Schema|Columns|Rows|Index|Backup|Restore|Migrate|Configure|Configuration|Advanced
    |General|More options|More|All|None|Other|Required|Optional|Enter your name
    |Enter your email|Type a message...|Search...|Select an option|Choose a date|Pick a color
    |mm/dd/yyyy|Please wait|Are you sure?|This action cannot be undone.|Changes saved|Copied!
    |Welcome|Welcome back|Get started|Hello|Thank you|Congratulations|Good morning
    |Keep me signed in|Don't have an account?|Already a member?|What's new|Let's go
    |Who can see this?|Terms & Conditions|Q&A|24/7 support|100% free|#1 choice
"""
_FIRST_NAMES = """
    Alice Bob Carol David Emma Frank Grace Henry Irene Jack Kate Liam Mary Noah Olivia Peter Quinn
    Rachel Sam Thomas Uma Victor Wendy Xavier Yvonne Zoe José María Jürgen Søren Zoë François
    Chloë Björn Łukasz Małgorzata Jiří Tomáš Gülşen İbrahim Ştefan Nuño Inês João Åsa Øyvind
    Ælfred Renée André Noémie Günter Károly Erzsébet Žofia Dvořák Agnieszka Ðuro Željko Čedomir
    Eiríkur Þóra Ágúst Hélène Anaïs Siân Aoife Mehmet Priya Arjun Wei Yuki Hiroshi Fatima Omar
    Aisha Kofi Amara Diego Camila Mateo Valentina Nguyễn Ana Luca Giulia Matteo
"""
_LAST_NAMES = """
    Smith Johnson Williams Brown Jones Garcia Miller Davis Wilson Anderson Taylor Moore Jackson
    Martin Lee Thompson White Harris Clark Lewis Robinson Walker Young King Wright Scott Hill
    Green Adams Baker Nelson Carter Mitchell Müller Schäfer Größe Lefèvre Gonçalves Ibáñez Muñoz
    Sørensen Ångström Nowak Wiśniewski Kowalczyk Novák Černý Özdemir Yılmaz Popescu Ionescu
    Horváth Szabó O'Brien McDonald D'Angelo van der Berg Kim Park Chen Wang Tanaka Suzuki Patel
    Singh Khan Hassan Okafor Mensah Silva Santos Rossi Bianchi Petrov Ivanova
"""

UI_TERMS = tuple(re.sub(r"\n *", "", _UI_TERMS).split("|"))
FIRST_NAMES = tuple(_FIRST_NAMES.split())
LAST_NAMES = tuple(_LAST_NAMES.split())
